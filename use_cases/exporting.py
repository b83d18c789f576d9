"""What is known of all customers, in the columns of `import_customers`? One statement, read as a stream (docs/imports.md).

What was said once only (the referral code), and what an import would refuse to hear again, is left blank: importing an export
leaves everybody unchanged.
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
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization
from subscriptions.models import Consent, Scope

_CHUNK = 2000
# What was never said of a customer. A new one is given it again without a word, which would leave a mark.
_UNSAID = {Customer.FraudStatus.NONE, Customer.NdncStatus.NONE}
_AS_IT_IS = ("firstname", "lastname", "type", "source", "fraud_status", "test_control_status", "ndnc_status")
_CODES: Mapping[str, str] = {"registered_till": "registered_till", "associated_with": "associated_till"}
_SAID: Mapping[bool | None, str] = {None: "", True: "1", False: "0"}


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """The columns of an organization's customers file; `fields` are those that ask for a field."""

    organization: Organization
    fields: Mapping[str, FieldDefinition]

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns, in order."""
        return [*PLAIN, *CONSENTS, *self.fields]

    def rows(self) -> Generator[list[str], None, None]:
        """The cells of every customer who is not merged, by id, as all of them are at one moment.

        Memory does not grow with their number.
        """
        with transaction.atomic():
            with connection.cursor() as cursor:
                # Whoever takes the rows may be slow: a pipe, a distant disk.
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            for known in _known().iterator(chunk_size=_CHUNK):
                yield self._cells(known)

    def _cells(self, known: Mapping[str, Any]) -> list[str]:
        plain = {
            **{kind: known[f"current_{kind}"] for kind in Identifier.Kind.values},
            **{name: known[name] for name in _AS_IT_IS if known[name] not in _UNSAID},
            **{column: self._till(known, name) for column, name in _CODES.items()},
            "id": str(known["pk"]),
            "registered_on": write_moment(known["registered_on"], self.organization.zone),
            "card_number": known["valid_card"],
            "preferred_store": known["preferred_store__code"],
        }
        values = known["field_values"]
        return [
            *(plain.get(column) or "" for column in PLAIN),
            *(_SAID[known[column]] for column in CONSENTS),
            *(write_value(values.get(str(definition.pk), "")) for definition in self.fields.values()),
        ]

    def _till(self, known: Mapping[str, Any], name: str) -> str | None:
        """The till's code; none of a till that is switched off where the policy would refuse the row for it."""
        is_refused = self.organization.policy.strict_till and not known[f"{name}__is_active"]
        code: str | None = known[f"{name}__code"]
        return None if is_refused else code


def open_customer_file(organization: Organization) -> CustomerFile:
    """The file of the scope's organization: plain columns, consents, and one for every active field."""
    active = FieldDefinition.objects.filter(category__in=FIELD_CATEGORIES, is_active=True)
    return CustomerFile(organization, {f"{one.category}.{one.name}": one for one in active})


def _known() -> QuerySet[Customer, dict[str, Any]]:
    """Every customer who is not merged, with what stands in other tables, in the order of their ids."""
    mine = OuterRef("pk")
    identifiers = {
        f"current_{kind}": Subquery(
            Identifier.objects.filter(customer=mine, kind=kind, state=Identifier.State.CURRENT).values("value")
        )
        for kind in Identifier.Kind.values
    }
    consents = {
        column: Subquery(
            Consent.objects.filter(customer=mine, channel=channel, priority=priority, scope=Scope.ALL).values("is_subscribed")
        )
        for column, (channel, priority) in CONSENTS.items()
    }
    valid = Card.objects.filter(customer=mine, status__in=[Card.Status.ISSUED, Card.Status.ACTIVE])
    newest = valid.order_by("-issued_on", "-pk").values("number")[:1]
    tills = [f"{name}__{column}" for name in _CODES.values() for column in ("code", "is_active")]
    known: QuerySet[Customer, dict[str, Any]] = (
        Customer.objects.filter(merged_into=None)
        .order_by("pk")
        .annotate(**identifiers, **consents, valid_card=Subquery(newest))
        .values(
            "pk",
            "registered_on",
            "preferred_store__code",
            "field_values",
            *_AS_IT_IS,
            *tills,
            *identifiers,
            *consents,
            "valid_card",
        )
    )
    return known
