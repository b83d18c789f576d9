"""Export of all customers in the columns of `import_customers`: one statement, read as a stream (docs/imports.md).

Importing an export changes no customer. Values that are used only once (the referral code), and those that an import would
refuse, are left blank.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.profile.field_values import write_value
from customers.profile.models import Customer
from customers.registration.imports import CONSENTS, FIELD_CATEGORIES, PLAIN
from loyalty_project.imports.columns import is_damaged
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization
from subscriptions.models import Consent, Scope

_CHUNK = 2000
# Defaults, left blank: an import sets them by itself, and a stated one would be recorded as a change.
_DEFAULTS = {Customer.FraudStatus.NONE, Customer.NdncStatus.NONE}
_COPIED = ("firstname", "lastname", "type", "source", "fraud_status", "test_control_status", "ndnc_status")
_TILLS: Mapping[str, str] = {"registered_till": "registered_till", "associated_with": "associated_till"}
_CONSENT_CELLS: Mapping[bool | None, str] = {None: "", True: "1", False: "0"}


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
        with transaction.atomic():
            with connection.cursor() as cursor:
                # The consumer of the rows may be slow: a pipe, a network disk.
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            for customer in _customers().iterator(chunk_size=_CHUNK):
                yield self._cells(customer)

    def _cells(self, customer: Mapping[str, Any]) -> list[str]:
        plain = {
            **{kind: _code(customer[f"current_{kind}"]) for kind in Identifier.Kind.values},
            **{name: customer[name] for name in _COPIED if customer[name] not in _DEFAULTS},
            **{column: self._till(customer, name) for column, name in _TILLS.items()},
            "id": str(customer["pk"]),
            "registered_on": write_moment(customer["registered_on"], self.organization.zone),
            "card_number": _code(customer["valid_card"]),
            "preferred_store": customer["preferred_store__code"],
        }
        values = customer["field_values"]
        return [
            *(plain.get(column) or "" for column in PLAIN),
            *(_CONSENT_CELLS[customer[column]] for column in CONSENTS),
            *(write_value(values.get(str(definition.pk), "")) for definition in self.fields.values()),
        ]

    def _till(self, customer: Mapping[str, Any], name: str) -> str | None:
        """The till's code; blank for an inactive till if the policy would refuse the row because of it."""
        is_refused = self.organization.policy.strict_till and not customer[f"{name}__is_active"]
        code: str | None = customer[f"{name}__code"]
        return None if is_refused else code


def _code(value: str | None) -> str | None:
    """The code; blank if an import would refuse it as what a spreadsheet has damaged."""
    return None if value and is_damaged(value) else value


def open_customer_file(organization: Organization) -> CustomerFile:
    """The file of the scope's organization: plain columns, consents, and a column for every active field."""
    active = FieldDefinition.objects.filter(category__in=FIELD_CATEGORIES, is_active=True)
    return CustomerFile(organization, {f"{field.category}.{field.name}": field for field in active})


def _customers() -> QuerySet[Customer, dict[str, Any]]:
    """Unmerged customers with their values of other tables, in the order of ids."""
    customer_id = OuterRef("pk")
    identifiers = {
        f"current_{kind}": Subquery(
            Identifier.objects.filter(customer=customer_id, kind=kind, state=Identifier.State.CURRENT).values("value")
        )
        for kind in Identifier.Kind.values
    }
    consents = {
        column: Subquery(
            Consent.objects.filter(customer=customer_id, channel=channel, priority=priority, scope=Scope.ALL).values(
                "is_subscribed"
            )
        )
        for column, (channel, priority) in CONSENTS.items()
    }
    cards = Card.objects.filter(customer=customer_id, status__in=[Card.Status.ISSUED, Card.Status.ACTIVE])
    newest_card = cards.order_by("-issued_on", "-pk").values("number")[:1]
    tills = [f"{name}__{column}" for name in _TILLS.values() for column in ("code", "is_active")]
    customers: QuerySet[Customer, dict[str, Any]] = (
        Customer.objects.filter(merged_into=None)
        .order_by("pk")
        .annotate(**identifiers, **consents, valid_card=Subquery(newest_card))
        .values(
            "pk",
            "registered_on",
            "preferred_store__code",
            "field_values",
            *_COPIED,
            *tills,
            *identifiers,
            *consents,
            "valid_card",
        )
    )
    return customers
