"""Figures of a rehearsal: what one set of rules brings, and two of them side by side. Pure values."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from engagement.points.explanations import TIER
from engagement.points.models import PointsEntry
from loyalty_project.protocol.numbers import plain_digits

ZERO: Final = Decimal(0)
# Customers who would move to another tier that are named, by id.
MOST_NAMED: Final = 20
STATED: Final = "stated with the bill"
_GIVEN: Final = frozenset({PointsEntry.Kind.AWARD, PointsEntry.Kind.PROMISE})


@dataclass(slots=True)
class Outcome:
    """What a set of rules brings on the bills of a period.

    `issued` are the points of each rule, promised ones included; `gifts` those for reaching a tier. `earning_bills` are sales
    that brought points. `left` is what remains of all of them: less `taken_back` by returns, and less `expired`. `failed` are
    bills whose points these rules cannot compute.
    """

    issued: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    gifts: Decimal = ZERO
    sales: int = 0
    earning_bills: int = 0
    taken_back: Decimal = ZERO
    expired: Decimal = ZERO
    left: Decimal = ZERO
    failed: int = 0

    @property
    def points(self) -> Decimal:
        """The points that all rules issued for bills."""
        return sum(self.issued.values(), ZERO)

    def count(self, entries: Sequence[PointsEntry]) -> None:
        """Count new entries of an account."""
        for entry in entries:
            if entry.kind in _GIVEN and entry.bill_id is not None:
                self.issued[entry.explanation.get("rule", STATED)] += entry.points + entry.promised
            elif entry.kind == PointsEntry.Kind.AWARD and entry.explanation.get("because") == TIER:
                self.gifts += entry.points
            elif entry.kind == PointsEntry.Kind.RETURN:
                self.taken_back -= entry.points + entry.promised
            elif entry.kind == PointsEntry.Kind.EXPIRE:
                self.expired -= entry.points
            if entry.kind != PointsEntry.Kind.RELEASE:
                self.left += entry.points + entry.promised


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A customer who would hold another tier."""

    customer_id: int
    today: str
    draft: str


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The rules of today and a draft of them, on the same bills of a period.

    `members` are all members by tier ("" without one), by the rules of today and by the draft. `outstanding` is what members
    may spend now, and what is promised to them; `today_worth` and `draft_worth` are what a point is worth. `movers` are the
    first customers who would hold another tier. A member without a tier holds the lowest one, if there are tiers.
    """

    since: date
    until: datetime
    today_worth: Decimal
    draft_worth: Decimal
    tiers: Sequence[str]
    today_lowest: str = ""
    draft_lowest: str = ""
    outstanding: Decimal = ZERO
    customers: int = 0
    today: Outcome = field(default_factory=Outcome)
    draft: Outcome = field(default_factory=Outcome)
    today_members: Counter[str] = field(default_factory=Counter)
    draft_members: Counter[str] = field(default_factory=Counter)
    up: int = 0
    down: int = 0
    movers: list[Mover] = field(default_factory=list)

    @property
    def draft_outstanding(self) -> Decimal:
        """What would be outstanding by the draft, if members had redeemed the same."""
        return self.outstanding + self.draft.left - self.today.left

    def count_tiers(self, customer_id: int, *, now: str, today: str, draft: str) -> None:
        """Count one member with the tier that is stored `now`, that of the replay by today's rules, and that by the draft."""
        self.today_members[now or self.today_lowest] -= 1
        self.today_members[today or self.today_lowest] += 1
        self.draft_members[now or self.draft_lowest] -= 1
        self.draft_members[draft or self.draft_lowest] += 1
        if today == draft:
            return
        ranks = {name: rank for rank, name in enumerate(self.tiers)}
        if ranks.get(draft, -1) > ranks.get(today, -1):
            self.up += 1
        else:
            self.down += 1
        if len(self.movers) < MOST_NAMED:
            self.movers.append(Mover(customer_id=customer_id, today=today, draft=draft))

    def count_members(self, stored: Mapping[str, int]) -> None:
        """Count all members by the tier that is stored ("" without one), before any bill is replayed."""
        for name, members in stored.items():
            self.today_members[name or self.today_lowest] += members
            self.draft_members[name or self.draft_lowest] += members

    def as_json(self, worth: Callable[[Decimal], Decimal]) -> dict[str, Any]:
        """The comparison as JSON; numbers are text. `worth` rounds money."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "customers": self.customers,
            "today": self._column(self.today, self.outstanding, self.today_worth, worth),
            "draft": self._column(self.draft, self.draft_outstanding, self.draft_worth, worth),
            "rules": [
                {"rule": name, "today": plain_digits(self.today.issued.get(name, ZERO)),
                 "draft": plain_digits(self.draft.issued.get(name, ZERO))}
                for name in dict.fromkeys([*self.today.issued, *self.draft.issued])
            ],
            "tiers": [
                {"tier": name, "today": self.today_members[name], "draft": self.draft_members[name]}
                for name in _ordered(self.tiers, self.today_members, self.draft_members)
            ],
            "moves": {"up": self.up, "down": self.down},
            "movers": [
                {"customer": mover.customer_id, "today": mover.today, "draft": mover.draft} for mover in self.movers
            ],
        }  # fmt: skip

    @staticmethod
    def _column(
        outcome: Outcome, outstanding: Decimal, point_worth: Decimal, worth: Callable[[Decimal], Decimal]
    ) -> dict[str, Any]:
        return {
            "sales": outcome.sales,
            "earning_bills": outcome.earning_bills,
            "issued": plain_digits(outcome.points),
            "gifts": plain_digits(outcome.gifts),
            "taken_back": plain_digits(outcome.taken_back),
            "expired": plain_digits(outcome.expired),
            "left": plain_digits(outcome.left),
            "outstanding": plain_digits(outstanding),
            "liability": format(worth(outstanding * point_worth), "f"),
            "not_computed": outcome.failed,
        }


def _ordered(tiers: Sequence[str], *members: Mapping[str, int]) -> list[str]:
    """All tiers that anyone holds or could hold, lowest first."""
    names = dict.fromkeys(["", *tiers, *(name for counted in members for name in counted)])
    return [name for name in names if name in tiers or any(counted.get(name) for counted in members)]
