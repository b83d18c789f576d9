"""Changes of the settings by which an identifier belongs to one customer only (docs/protocol.md 2.3).

A change that makes a kind exclusive is refused as long as customers share values of it. Otherwise the rows follow the settings,
in the same transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Count, F, Max, Min, QuerySet

from customers.identifiers.models import Identifier
from customers.identifiers.rules import UNIQUENESS_SETTINGS, exclusive_kinds
from customers.identifiers.values import identifier_text
from loyalty_project.db.rows import Guard
from organizations.policies import Policy
from organizations.tenancy.models import Organization

State = Identifier.State
# Shared values that a refusal lists; it has the number of all.
SHOWN: Final = 20
_LABELS: Final = {"mobile": "mobile numbers", "email": "e-mail addresses", "external_id": "external ids"}


@dataclass(frozen=True, slots=True)
class SharedValue:
    """A value that several customers have: their number, the lowest and the highest id."""

    kind: str
    value: str
    customers: int
    first: int
    last: int

    def __str__(self) -> str:
        others = f" and {self.customers - 2} more" if self.customers > 2 else ""
        return f"{identifier_text(self.kind, self.value)} (customers {self.first}, {self.last}{others})"


class SharedValuesError(ValueError):
    """Customers share values of kinds that were to become exclusive. The text lists the first ones, for users."""

    def __init__(self, kind: str, count: int, shown: Sequence[SharedValue]) -> None:
        of_all = "" if count <= len(shown) else f", the first {len(shown)}"
        super().__init__(
            f"{count} {_LABELS[kind]} belong to several customers{of_all}: {', '.join(map(str, shown))}. Merge these customers,"
            " or change or release their values, first"
        )


def check_exclusive(before: Policy, after: Policy) -> None:
    """Raise `SharedValuesError` if customers share values of a kind that `after` makes exclusive and `before` did not.

    Call it in a transaction that holds the organization (`loyalty_project.db.locks.lock`), so that no identifier is added.
    """
    for kind in sorted(exclusive_kinds(after) - exclusive_kinds(before)):
        shared = (
            _rows(kind)
            .order_by()
            .values_list("kind", "value")
            .annotate(customers=Count("customer", distinct=True), first=Min("customer_id"), last=Max("customer_id"))
            .filter(first__lt=F("last"))
        )
        if shown := [SharedValue(*row) for row in shared.order_by("value")[:SHOWN]]:
            raise SharedValuesError(kind, shared.count(), shown)


def align_rows(before: Policy, after: Policy) -> None:
    """Set `exclusive` of all identifiers whose kind the change of the settings concerns, after `check_exclusive`.

    Of a customer's rows with one value, inherited more than once, one is exclusive. Call it in the same transaction.
    """
    old, new = exclusive_kinds(before), exclusive_kinds(after)
    if old == new:
        return
    with connection.cursor() as cursor:
        # Millions of rows take longer than a call may.
        cursor.execute("SET LOCAL statement_timeout = 0")
    Identifier.objects.filter(kind__in=old - new, exclusive=True).update(exclusive=False)
    for kind in sorted(new - old):
        chosen = _rows(kind).order_by("value", "-exclusive", "state", "pk").distinct("value")
        Identifier.objects.filter(pk__in=chosen.values("pk"), exclusive=False).update(exclusive=True)


def settings_guard(organization: Organization) -> Guard:
    """The condition that the organization's settings of uniqueness are still those that the caller has read.

    It holds the organization's row until the transaction ends, so that the settings do not change before.
    """
    known = json.dumps([organization.flags.get(name) for name in UNIQUENESS_SETTINGS])
    return Guard(_GUARD, [organization.pk, known], "the settings of uniqueness were changed meanwhile")


_GUARD: Final = (
    "EXISTS (SELECT FROM organizations_organization WHERE id = %s AND jsonb_build_array("
    + ", ".join(f"flags -> '{name}'" for name in UNIQUENESS_SETTINGS)
    + ") = %s::jsonb FOR KEY SHARE)"
)


def _rows(kind: str) -> QuerySet[Identifier]:
    return Identifier.objects.filter(kind=kind).exclude(state=State.FORMER)
