"""Data of the benchmarks: an organization with a till and many customers, written by SQL, not by the measured code."""

from dataclasses import dataclass

from django.db import connection, transaction

from benchmarks.people import CITY, COLOUR, COLOURS, FIRST_MOBILE, LETTERS
from engagement.programs.models import Program, ProgramVersion
from loyalty_project import clock
from organizations.credentials.hashing import set_till_password
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

# Five points for each hundred spent, for ever.
_RULES = {"earning": [{"name": "base", "award": {"per": 100, "points": 5}}]}
ORGANIZATION, TILL, PASSWORD = "bench", "bench.till1", "bench-till"  # a password for a database that is thrown away

_CUSTOMERS = """
INSERT INTO customers_customer (
    organization_id, type, source, firstname, lastname, firstname_folded, lastname_folded, registered_on, updated_on,
    registered_till_id, registered_store_id, fraud_status, fraud_marked_by, fraud_reason, ndnc_status, test_control_status,
    status_changed_by, status_reason, image_url, version, field_values, field_values_folded, comm_channels
)
SELECT %(organization)s, 'LOYALTY', 'INSTORE', firstname, lastname, lower(firstname), lower(lastname), moment, moment,
    %(till)s, %(store)s, 'NONE', '', '', 'NONE', 'TEST', '', '', '', 0,
    jsonb_build_object(%(colour)s::text, colour, %(city)s::text, 'City ' || n %% 300),
    jsonb_build_object(%(colour)s::text, jsonb_build_array(colour), %(city)s::text, jsonb_build_array('city ' || n %% 300)),
    '[]'
FROM generate_series(1, %(count)s) AS n,
    LATERAL (
        SELECT upper(substr(%(letters)s, n %% 10 + 1, 1)) || substr(%(letters)s, n / 10 %% 10 + 1, 1) AS beginning
    ) AS name,
    LATERAL (
        SELECT beginning || 'given' || n %% 5000 AS firstname, beginning || 'family' || n %% 20000 AS lastname,
            timestamptz '2020-01-01 UTC' + n * interval '20 minutes' AS moment,
            %(colours)s::jsonb -> n %% %(colour_count)s AS colour
    ) AS given
ORDER BY n
"""
_IDENTIFIERS = """
INSERT INTO customers_identifier (organization_id, customer_id, kind, value, value_folded, state, exclusive)
SELECT %(organization)s, %(before_first)s + n, kind, value, lower(value), 'CURRENT', true
FROM generate_series(1, %(count)s) AS n, LATERAL (
    VALUES ('mobile', (%(first_mobile)s + n)::text),
        ('email', 'person' || n || '@example.com'),
        ('external_id', 'B' || lpad(n::text, 9, '0'))
) AS given (kind, value)
ORDER BY n
"""


class NotEmptyError(Exception):
    """The database has organizations already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """The written data. Customers have the numbers from 1 to `customers`."""

    organization: Organization
    customers: int


def fill(customers: int) -> Filled:
    """Write the organization and its customers, and have the database look at them as it would over night.

    Raises NotEmptyError: nobody's real database is filled by mistake.
    """
    if Organization.objects.exists():
        raise NotEmptyError("The benchmarks need an empty database of their own: make bench brings one.")
    with connection.cursor() as cursor:
        # A million rows take longer than a call ever should; what is measured has its limit again.
        cursor.execute("SET statement_timeout = 0")
    with transaction.atomic():
        organization = Organization.objects.create(
            code=ORGANIZATION,
            name="Bench",
            timezone="Asia/Kolkata",
            currency="INR",
            base_country="IN",
            flags={"RATE_LIMIT_PER_MINUTE": 10_000_000},
        )
        with organization_scope(organization):
            _fill_organization(organization, customers)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")
    return Filled(organization=organization, customers=customers)


def _fill_organization(organization: Organization, customers: int) -> None:
    store = Store.objects.create(organization=organization, code="bench.store", name="Bench store")
    till = Till(organization=organization, store=store, code=TILL, name="Bench till")
    set_till_password(till, PASSWORD)
    till.save()
    program = Program.objects.create(organization=organization, name="Bench club", is_default=True)
    ProgramVersion.objects.create(organization=organization, program=program, number=1, rules=_RULES, made_at=clock.now())
    category = FieldDefinition.Category
    colour = FieldDefinition.objects.create(
        organization=organization, category=category.CUSTOM, name=COLOUR, type="enum", options=list(COLOURS)
    )
    city = FieldDefinition.objects.create(organization=organization, category=category.EXTENDED, name=CITY)
    given = {"organization": organization.pk, "count": customers}
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('customers_customer', 'id'))")
        before_first = cursor.fetchone()[0]
        cursor.execute(
            _CUSTOMERS,
            {
                **given,
                "till": till.pk,
                "store": store.pk,
                "colour": colour.pk,
                "city": city.pk,
                "colours": '["' + '", "'.join(COLOURS) + '"]',
                "colour_count": len(COLOURS),
                "letters": LETTERS,
            },
        )
        cursor.execute(_IDENTIFIERS, {**given, "before_first": before_first, "first_mobile": FIRST_MOBILE})
