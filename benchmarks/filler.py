"""Many customers, written by SQL and not by the measured code: they make the tables as large as in operation.

Each has identifiers, a membership, a points account and purchases; some have bills, ledger entries and lots as well.
"""

from typing import Any, Final

from django.db import connection, transaction

from benchmarks.people import CITY, COLOUR, COLOURS, FIRST_MOBILE, LETTERS
from engagement.programs.models import Program
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

BILLS: Final = 2
# Each of the accounts with entries was given so many points at once, enough for any number of spendings.
GIVEN: Final = 1_000_000

_CUSTOMERS: Final = """
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
FROM generate_series(%(first)s, %(last)s) AS n,
    LATERAL (
        SELECT upper(substr(%(letters)s, n %% 10 + 1, 1)) || substr(%(letters)s, n / 10 %% 10 + 1, 1) AS beginning
    ) AS name,
    LATERAL (
        SELECT beginning || 'given' || n %% 5000 AS firstname, beginning || 'family' || n %% 20000 AS lastname,
            timestamptz '2020-01-01 UTC' + n * interval '2 minutes' AS moment,
            %(colours)s::jsonb -> n %% %(colour_count)s AS colour
    ) AS given
ORDER BY n
"""
# Customer `n` has the id `before_first + n`.
_IDENTIFIERS: Final = """
INSERT INTO customers_identifier (organization_id, customer_id, kind, value, value_folded, state, exclusive)
SELECT %(organization)s, %(before_first)s + n, kind, value, lower(value), 'CURRENT', true
FROM generate_series(%(first)s, %(last)s) AS n, LATERAL (
    VALUES ('mobile', (%(first_mobile)s + n)::text),
        ('email', 'person' || n || '@example.com'),
        ('external_id', 'B' || lpad(n::text, 9, '0'))
) AS given (kind, value)
ORDER BY n
"""
_MEMBERSHIPS: Final = """
INSERT INTO engagement_membership (organization_id, customer_id, program_id, enrolled_on, tier_id, tier_since)
SELECT %(organization)s, %(before_first)s + n, %(program)s, moment, %(tier)s::bigint,
    CASE WHEN %(tier)s::bigint IS NOT NULL THEN moment END
FROM generate_series(%(first)s, %(last)s) AS n,
    LATERAL (SELECT timestamptz '2020-01-01 UTC' + n * interval '2 minutes' AS moment) AS at
ORDER BY n
"""
# Every so-maniest customer has entries: an award, and spendings of one point each.
_ACCOUNTS: Final = """
INSERT INTO engagement_pointsaccount (
    organization_id, customer_id, program_id, balance, promised, lifetime, redeemed, expired, returned, promised_returned,
    adjusted, floor, purchases, visits, version
)
SELECT %(organization)s, %(before_first)s + n, %(program)s, lifetime - redeemed, 0, lifetime, redeemed, 0, 0, 0, 0, 0, 0, 0,
    CASE WHEN has_entries THEN %(entries)s ELSE 0 END
FROM generate_series(%(first)s, %(last)s) AS n,
    LATERAL (SELECT n %% %(every)s = 0 AS has_entries) AS every,
    LATERAL (
        SELECT CASE WHEN has_entries THEN %(given)s + n %% 10000 ELSE n %% 10000 END AS lifetime,
            CASE WHEN has_entries THEN %(entries)s - 1 ELSE 0 END AS redeemed
    ) AS figures
ORDER BY n
"""
_ENTRIES: Final = """
INSERT INTO engagement_pointsentry (
    organization_id, account_id, version, kind, points, promised, balance_after, occurred_at, recorded_at, reference, note,
    made_by, explanation
)
SELECT %(organization)s, account.id, k + 1, CASE k WHEN 0 THEN 'AWARD' ELSE 'REDEEM' END,
    CASE k WHEN 0 THEN lifetime ELSE -1 END, 0, lifetime - k, moment, moment, '', '', 'bench', '{}'
FROM engagement_pointsaccount AS account, generate_series(0, %(entries)s - 1) AS k,
    LATERAL (SELECT timestamptz '2025-01-01 UTC' + k * interval '1 day' AS moment) AS at
WHERE account.organization_id = %(organization)s AND account.version = %(entries)s
    AND account.customer_id BETWEEN %(before_first)s + %(first)s AND %(before_first)s + %(last)s
ORDER BY k, account.id
"""
_LOTS: Final = """
INSERT INTO engagement_pointslot (
    organization_id, account_id, entry_id, kind, points, "left", expired, returned, moved, awarded_at, is_open, moves
)
SELECT %(organization)s, account.id, entry.id, 'regular', entry.points, account.balance, 0, 0, 0, occurred_at, true, ''
FROM engagement_pointsaccount AS account JOIN engagement_pointsentry AS entry ON entry.account_id = account.id
WHERE account.organization_id = %(organization)s AND entry.organization_id = %(organization)s AND entry.version = 1
    AND account.customer_id BETWEEN %(before_first)s + %(first)s AND %(before_first)s + %(last)s
ORDER BY entry.id
"""
_CONSUMPTIONS: Final = """
INSERT INTO engagement_pointsconsumption (organization_id, entry_id, lot_id, points)
SELECT %(organization)s, entry.id, lot.id, 1
FROM engagement_pointsaccount AS account
    JOIN engagement_pointsentry AS entry ON entry.account_id = account.id
    JOIN engagement_pointslot AS lot ON lot.account_id = account.id
WHERE account.organization_id = %(organization)s AND entry.organization_id = %(organization)s AND entry.version > 1
    AND lot.organization_id = %(organization)s
    AND account.customer_id BETWEEN %(before_first)s + %(first)s AND %(before_first)s + %(last)s
ORDER BY entry.id
"""
_BILLS: Final = """
INSERT INTO engagement_bill (
    organization_id, customer_id, type, number, scope, billed_on, billed_at, recorded_at, amount, gross_amount, discount,
    returned_amount, return_type, returned_number, outlier_status, delivery_status, notes, source, currency, currency_ratio,
    field_values, details, recorded_by, store_id, till_id, content, is_returned, sale_returned
)
SELECT %(organization)s, %(before_first)s + n, 'REGULAR', n || '-' || bill, 'bench', moment::date, moment, moment, amount,
    amount, 0, 0, '', '', 'NORMAL', '', '', 'INSTORE', 'INR', 1, '{}', '{}', 'bench', %(store)s, %(till)s, '', false, 0
FROM generate_series(%(first)s, %(last)s) AS n, generate_series(1, %(bills)s) AS bill,
    LATERAL (
        SELECT timestamptz '2024-01-01 UTC' + bill * interval '1 day' + n * interval '10 seconds' AS moment,
            1 + n %% 25000 AS amount
    ) AS given
WHERE n %% %(every)s = 0
ORDER BY n, bill
"""
_PURCHASES: Final = """
INSERT INTO engagement_purchasetotals (organization_id, customer_id, amount, bills, last_amount, last_billed_at)
SELECT %(organization)s, %(before_first)s + n, count * amount, count, CASE count WHEN 0 THEN 0 ELSE amount END,
    CASE WHEN count > 0 THEN timestamptz '2024-01-01 UTC' + count * interval '1 day' + n * interval '10 seconds' END
FROM generate_series(%(first)s, %(last)s) AS n,
    LATERAL (SELECT CASE WHEN n %% %(every)s = 0 THEN %(bills)s ELSE 0 END AS count, 1 + n %% 25000 AS amount) AS given
ORDER BY n
"""
# What reads the rows of another statement needs fresh statistics of them.
_ANALYZE: Final = "ANALYZE engagement_pointsaccount, engagement_pointsentry, engagement_pointslot"
_ALL: Final = (
    _CUSTOMERS, _IDENTIFIERS, _MEMBERSHIPS, _ACCOUNTS, _ANALYZE, _ENTRIES, _ANALYZE, _LOTS, _ANALYZE, _CONSUMPTIONS, _BILLS,
    _PURCHASES,
)  # fmt: skip


def fill(organization: Organization, *, first: int, count: int, every: int, entries: int) -> None:
    """Write customers with `count` numbers from `first` on, and vacuum.

    Those whose number `every` divides have so many ledger entries and two bills. Nothing else may write meanwhile.
    """
    with organization_scope(organization):
        given = _parameters(organization) | {
            "first": first, "last": first + count - 1, "every": every, "entries": entries, "bills": BILLS, "given": GIVEN,
        }  # fmt: skip
    with connection.cursor() as cursor:
        # A million rows take longer than a call ever should; what is measured has its limit again.
        cursor.execute("SET statement_timeout = 0")
        with transaction.atomic():
            cursor.execute("SELECT nextval(pg_get_serial_sequence('customers_customer', 'id'))")
            given["before_first"] = cursor.fetchone()[0] + 1 - first
            for statement in _ALL:
                cursor.execute(statement, given)
        cursor.execute("RESET statement_timeout")
    vacuum()


def vacuum() -> None:
    """Have the database look at all tables, as it would over night."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")


def _parameters(organization: Organization) -> dict[str, Any]:
    till = Till.objects.get()
    program = Program.objects.get()
    fields = {field.name: str(field.pk) for field in FieldDefinition.objects.all()}
    return {
        "organization": organization.pk,
        "till": till.pk,
        "store": till.store_id,
        "program": program.pk,
        "tier": program.tiers.order_by("position").values_list("pk", flat=True).first(),
        "colour": fields[COLOUR],
        "city": fields[CITY],
        "colours": '["' + '", "'.join(COLOURS) + '"]',
        "colour_count": len(COLOURS),
        "letters": LETTERS,
        "first_mobile": FIRST_MOBILE,
    }
