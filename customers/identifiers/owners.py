"""The customer that a value identifies: the one rule of reads, files and requests (docs/protocol.md 7)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.postgres.aggregates import BoolAnd
from django.db.models import CharField, Max, Min, Q

from customers.identifiers.models import Identifier
from customers.identifiers.rules import is_exclusive
from loyalty_project.db.lookups import is_any_of
from organizations.policies import Policy

State = Identifier.State


@dataclass(frozen=True, slots=True)
class Owner:
    """The only customer who has a value. `is_inherited`: it came with merged customers alone."""

    customer_id: int
    is_inherited: bool


@dataclass(frozen=True, slots=True)
class _Holders:
    """The customers who have a value: the lowest and the highest id, and whether all of them only inherited it."""

    first: int
    last: int
    are_heirs: bool


def owners_of(kind: str, values: Collection[str], policy: Policy) -> dict[str, Owner]:
    """The owner of each value of this kind, in one query. A value that several customers have identifies none of them.

    Inherited values count, former ones do not. An exclusive row decides alone if the policy makes the kind exclusive.
    """
    if not values:
        return {}
    # Each value is in one of two partial indexes.
    either = Q(exclusive=True) | Q(exclusive=False)
    rows = Identifier.objects.filter(either, is_any_of("value", values, CharField()), kind=kind).exclude(state=State.FORMER)
    # Grouped in the database: tens of thousands may share an address.
    grouped = (
        rows.order_by()
        .values_list("value", "exclusive")
        .annotate(first=Min("customer_id"), last=Max("customer_id"), are_heirs=BoolAnd(Q(state=State.MERGED)))
    )
    by_value: defaultdict[str, dict[bool, _Holders]] = defaultdict(dict)
    for value, exclusive, first, last, are_heirs in grouped:
        by_value[value][exclusive] = _Holders(first, last, are_heirs)
    decides_alone = is_exclusive(kind, policy)
    owners = {value: _only_owner(holders, decides_alone=decides_alone) for value, holders in by_value.items()}
    return {value: owner for value, owner in owners.items() if owner is not None}


def _only_owner(holders: dict[bool, _Holders], *, decides_alone: bool) -> Owner | None:
    deciding = [holders[True]] if decides_alone and True in holders else list(holders.values())
    ids = {pk for some in deciding for pk in (some.first, some.last)}
    if len(ids) > 1:
        return None
    return Owner(ids.pop(), is_inherited=all(some.are_heirs for some in deciding))
