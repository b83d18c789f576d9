"""Export of all customers in the columns of `import_customers`: one statement, read as a stream (docs/imports.md).

Importing an export changes no customer. Values that are used only once (the referral code), and those that an import would
refuse, are left blank.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.db import connection

from customers.identifiers.models import Identifier
from customers.profile.field_values import write_value
from customers.profile.models import Customer
from customers.registration.imports import CONSENTS, FIELD_CATEGORIES, PLAIN
from loyalty_project.db.whole_reads import whole_read
from loyalty_project.imports.columns import is_damaged
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import scope_organization

_CHUNK = 2000
# Defaults, left blank: an import sets them by itself, and a stated one would be recorded as a change.
_DEFAULTS = {Customer.FraudStatus.NONE, Customer.NdncStatus.NONE}
_COPIED = ("firstname", "lastname", "type", "source", "fraud_status", "test_control_status", "ndnc_status")
_TILLS = ("registered_till", "associated_with")
_CONSENT_CELLS: Mapping[bool | None, str] = {None: "", True: "1", False: "0"}
# Unmerged customers with their values of other tables, in the order of ids. Each table is read once, as a set.
CUSTOMERS: Final = """
SELECT customer.id, customer.firstname, customer.lastname, customer.type, customer.source, customer.fraud_status,
    customer.test_control_status, customer.ndnc_status, customer.registered_on, customer.field_values,
    registered.code AS registered_till, registered.is_active AS registered_till_is_active,
    associated.code AS associated_with, associated.is_active AS associated_with_is_active,
    preferred.code AS preferred_store, known.mobile, known.email, known.external_id, valid.number AS card_number,
    consents.sms_trans, consents.sms_bulk, consents.email_trans, consents.email_bulk
FROM customers_customer AS customer
LEFT JOIN organizations_till AS registered ON registered.id = customer.registered_till_id
LEFT JOIN organizations_till AS associated ON associated.id = customer.associated_till_id
LEFT JOIN organizations_store AS preferred ON preferred.id = customer.preferred_store_id
LEFT JOIN (
    SELECT customer_id,
        max(value) FILTER (WHERE kind = 'mobile') AS mobile,
        max(value) FILTER (WHERE kind = 'email') AS email,
        max(value) FILTER (WHERE kind = 'external_id') AS external_id
    FROM customers_identifier
    WHERE organization_id = %(organization)s AND state = 'CURRENT'
    GROUP BY customer_id
) AS known ON known.customer_id = customer.id
LEFT JOIN (
    SELECT customer_id,
        bool_or(is_subscribed) FILTER (WHERE channel = 'SMS' AND priority = 'TRANS') AS sms_trans,
        bool_or(is_subscribed) FILTER (WHERE channel = 'SMS' AND priority = 'BULK') AS sms_bulk,
        bool_or(is_subscribed) FILTER (WHERE channel = 'EMAIL' AND priority = 'TRANS') AS email_trans,
        bool_or(is_subscribed) FILTER (WHERE channel = 'EMAIL' AND priority = 'BULK') AS email_bulk
    FROM subscriptions_consent
    WHERE organization_id = %(organization)s AND scope = 'ALL'
    GROUP BY customer_id
) AS consents ON consents.customer_id = customer.id
LEFT JOIN (
    SELECT DISTINCT ON (customer_id) customer_id, number
    FROM customers_card
    WHERE organization_id = %(organization)s AND status IN ('ISSUED', 'ACTIVE')
    ORDER BY customer_id, issued_on DESC, id DESC
) AS valid ON valid.customer_id = customer.id
WHERE customer.organization_id = %(organization)s AND customer.merged_into_id IS NULL
ORDER BY customer.id
"""


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """The customers file of an organization. `fields` are the columns of custom, extended and preference fields."""

    organization: Organization
    fields: Mapping[str, FieldDefinition]

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns, in order."""
        return [*PLAIN, *CONSENTS, *self.fields]

    def rows(self) -> Generator[list[str], None, None]:
        """The cells of every unmerged customer in the order of ids, in one snapshot.

        Memory does not grow with the number of customers.
        """
        with whole_read(), connection.chunked_cursor() as cursor:
            cursor.execute(CUSTOMERS, {"organization": scope_organization()})
            columns = [column.name for column in cursor.description]
            while rows := cursor.fetchmany(_CHUNK):
                for row in rows:
                    yield self._cells(dict(zip(columns, row, strict=True)))

    def _cells(self, customer: Mapping[str, Any]) -> list[str]:
        plain = {
            **{kind: _code(customer[kind]) for kind in Identifier.Kind.values},
            **{name: customer[name] for name in _COPIED if customer[name] not in _DEFAULTS},
            **{column: self._till(customer, column) for column in _TILLS},
            "id": str(customer["id"]),
            "registered_on": write_moment(customer["registered_on"], self.organization.zone),
            "card_number": _code(customer["card_number"]),
            "preferred_store": customer["preferred_store"],
        }
        values = orjson.loads(customer["field_values"])
        return [
            *(plain.get(column) or "" for column in PLAIN),
            *(_CONSENT_CELLS[customer[column]] for column in CONSENTS),
            *(write_value(values.get(str(definition.pk), "")) for definition in self.fields.values()),
        ]

    def _till(self, customer: Mapping[str, Any], column: str) -> str | None:
        """The till's code; blank for an inactive till if the policy would refuse the row because of it."""
        is_refused = self.organization.policy.strict_till and not customer[f"{column}_is_active"]
        code: str | None = customer[column]
        return None if is_refused else code


def _code(value: str | None) -> str | None:
    """The code; blank if an import would refuse it as what a spreadsheet has damaged."""
    return None if value and is_damaged(value) else value


def open_customer_file(organization: Organization) -> CustomerFile:
    """The file of the scope's organization: plain columns, consents, and a column for every active field."""
    active = FieldDefinition.objects.filter(category__in=FIELD_CATEGORIES, is_active=True)
    return CustomerFile(organization, {f"{field.category}.{field.name}": field for field in active})
