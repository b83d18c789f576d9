"""Search attributes of loyalty: points, purchases and tier (docs/protocol.md 4.4).

Points and tier are those of the default program. A customer without an account, or without purchases, has 0.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.profile.querysets import CustomerRows
from customers.profile.text import fold_given
from customers.search.attributes import (
    AllBut,
    Attribute,
    Attributes,
    Criterion,
    Matcher,
    OwnedRows,
    SearchContext,
    invalid_search,
)
from customers.search.grammar import Condition, Operator
from engagement.bills.models import PurchaseTotals
from engagement.points.balances import NO_TIER
from engagement.points.models import PointsAccount
from engagement.points.settlement import settled_accounts
from engagement.programs.models import Membership, Program, Tier
from loyalty_project import clock
from loyalty_project.db.timeouts import TookTooLongError, answered_within
from loyalty_project.db.trusted_time import trusted
from organizations.tenancy.models import Organization

ZERO: Final = Decimal(0)
# Attributes that change by themselves when points fall due.
POINTS: Final = frozenset({"loyalty_points", "lifetime_points"})
_OPERATORS: Final = frozenset({Operator.EQUALS, Operator.LESS, Operator.GREATER, Operator.RANGE, Operator.IN})
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,6})?", re.ASCII)
_BATCH: Final = 500


def loyalty_attributes(program: Program | None, *, shown: Mapping[int, PointsAccount]) -> Attributes:
    """The attributes by name. `shown` are accounts of the program, by customer, that are settled in memory only."""
    of_program = PointsAccount.objects.filter(program=program)
    balance = _Figure(of_program.filter(balance__gt=0), "balance", shown)
    lifetime = _Figure(of_program, "lifetime", shown)
    purchases = _Figure(PurchaseTotals.objects.all(), "amount")
    last_sale = Attribute(_OPERATORS, _Figure(PurchaseTotals.objects.all(), "last_amount").customers)
    return {
        "loyalty_points": Attribute(_OPERATORS, balance.customers),
        "lifetime_points": Attribute(_OPERATORS, lifetime.customers),
        "lifetime_purchases": Attribute(_OPERATORS, purchases.customers),
        "last_trans_value": last_sale,
        "transaction_value": last_sale,
        "slab": Attribute(frozenset({Operator.EQUALS, Operator.EXACT, Operator.IN}), _slab(program)),
    }


def settle_among(
    customer_ids: QuerySet[Any], *, program: Program, organization: Organization, seconds: float
) -> dict[int, PointsAccount]:
    """Carry out what is due by now on the points of these customers, a query that gives their ids, in the program.

    Returns the accounts, by customer, that are settled in memory only, because they are locked. Raises `TookTooLongError`;
    what was carried out until then stays so, and the next search has less to do.
    """
    deadline = time.monotonic() + seconds
    shown: dict[int, PointsAccount] = {}
    due = PointsAccount.objects.filter(program=program, due_at__lte=clock.now(), customer__in=customer_ids)
    is_trusted = False
    while True:
        with answered_within(seconds):
            batch = list(due.exclude(customer__in=list(shown)).values_list("customer_id", flat=True).order_by()[:_BATCH])
        if not batch:
            return shown
        if not is_trusted:
            is_trusted, now = True, clock.now()
            if (limit := trusted(now)) < now:
                due = due.filter(due_at__lte=limit)
                continue
        states = settled_accounts(batch, organization=organization)
        shown |= {
            key.customer_id: state.account for key, state in states.items() if state.is_changed and key.program_id == program.pk
        }
        if time.monotonic() > deadline:
            raise TookTooLongError


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure in a column of rows that a customer has at most one of; none is 0."""

    rows: CustomerRows[Any]
    column: str
    shown: Mapping[int, PointsAccount] = field(default_factory=dict)

    def customers(self, condition: Condition, _circumstances: SearchContext) -> Criterion:
        """Whose figure is what the condition says.

        Who has no row belongs to them where 0 does: then everybody is meant but those whose figure is something else.
        """
        numbers = [_number(value) for value in condition.values]
        wanted = _compared(self.column, condition.operator, numbers)
        if _holds(ZERO, condition.operator, numbers):
            # Rows of 0 count as none: an account that moved in a merge is one of them.
            positive = self.rows.filter(wanted, **{f"{self.column}__gt": 0})
            everybody_else = AllBut(unwanted=self.rows.filter(~wanted), wanted=positive)
            if not self.shown:
                return everybody_else
            found = everybody_else.condition
        elif not self.shown:
            return OwnedRows(rows=self.rows.filter(wanted))
        else:
            found = Q(Exists(self.rows.filter(wanted, customer=OuterRef("pk"))))
        holding = [
            customer_id
            for customer_id, account in self.shown.items()
            if _holds(max(getattr(account, self.column), ZERO), condition.operator, numbers)
        ]
        return (found & ~Q(pk__in=list(self.shown))) | Q(pk__in=holding)


def _number(text: str) -> Decimal:
    given = text.strip()
    if not _NUMBER.fullmatch(given):
        raise invalid_search()
    return Decimal(given)


def _compared(column: str, operator: Operator, numbers: Sequence[Decimal]) -> Q:
    match operator:
        case Operator.LESS:
            return Q(**{f"{column}__lt": numbers[0]})
        case Operator.GREATER:
            return Q(**{f"{column}__gt": numbers[0]})
        case Operator.RANGE:
            return Q(**{f"{column}__gte": numbers[0], f"{column}__lte": numbers[1]})
        case _:
            return Q(**{f"{column}__in": numbers})


def _holds(figure: Decimal, operator: Operator, numbers: Sequence[Decimal]) -> bool:
    match operator:
        case Operator.LESS:
            return figure < numbers[0]
        case Operator.GREATER:
            return figure > numbers[0]
        case Operator.RANGE:
            return numbers[0] <= figure <= numbers[1]
        case _:
            return figure in numbers


def _slab(program: Program | None) -> Matcher:
    """Who is on a tier, which is found among the few that there are; NONE are the members without one."""

    def meaning(condition: Condition, _circumstances: SearchContext) -> Criterion:
        is_exact = condition.operator is Operator.EXACT
        spelled = (lambda name: name) if is_exact else fold_given
        wanted = {spelled(value) for value in condition.values}
        tiers = Tier.objects.filter(program=program).values_list("pk", "name")
        on_tier = Q(tier__in=[pk for pk, name in tiers if spelled(name) in wanted])
        if spelled(NO_TIER) in wanted:
            on_tier |= Q(tier=None)
        return OwnedRows(rows=Membership.objects.filter(on_tier, program=program))

    return meaning
