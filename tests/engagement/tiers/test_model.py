"""The evaluation of tiers agrees with a slow model that goes through every day, for any history."""

import os
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.programs.rules import ProgramRules
from engagement.tiers.changes import advance
from engagement.tiers.rules import Activity, HeldTier, Ladder, TierState

FULL = os.environ.get("REGULARS_PROOFS") == "full"
ZONE = ZoneInfo("Asia/Kolkata")
FIRST = date(2023, 1, 1)
DAYS = 1200
NAMES = ("Ground", "First", "Second", "Third")
THRESHOLDS = (0, 100, 250, 600)


@dataclass(frozen=True)
class Rule:
    """A tier above the lowest: months of validity (0: for ever), days of grace, what is asked, and where it leads."""

    months: int
    grace: int
    purchases: int
    visits: int
    leads_to: str

    def stored(self, position: int) -> dict[str, Any]:
        conditions = [{"based_on": "PURCHASE", "threshold": self.purchases}, {"based_on": "VISITS", "threshold": self.visits}]
        return {
            "name": NAMES[position],
            "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": THRESHOLDS[position]},
            **({"validity_months": self.months} if self.months else {}),
            "grace_days": self.grace if self.months else 0,
            "renew": {"match": "any", "conditions": conditions},
            "downgrade_to": self.leads_to,
        }


RULES = st.builds(
    Rule,
    months=st.sampled_from([0, 1, 3, 12]),
    grace=st.sampled_from([0, 0, 10, 40]),
    purchases=st.integers(50, 200),
    visits=st.integers(1, 4),
    leads_to=st.sampled_from(["previous", "lowest", "none", "fitting"]),
)
# Bills by day: at most one a day, so that a day is enough to order them. Below zero: a return.
BILLS = st.dictionaries(st.integers(0, DAYS), st.integers(-80, 150).filter(bool), max_size=25)


def plus_months(day: date, months: int) -> date:
    """Counted day by day: the same day of the month that is so many months later, or its last."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day.day, last))


@dataclass
class Model:
    """A member who lives through the days: first comes the end of the day before, then the bill of the day at noon."""

    rules: tuple[Rule, ...]
    bills: dict[int, int]
    changes: list[tuple[str, str, str, date]] = field(default_factory=list)
    at: int = 0
    ends: date = date.max
    is_in_grace: bool = False
    counts_from: int = 0  # the first day whose bill counts for the next renewal

    def live(self) -> list[tuple[str, str, str, date]]:
        for number in range(DAYS + 1):
            while self.last_day() < FIRST + timedelta(days=number):
                self.end(number)
            if number in self.bills:
                self.buy(number)
        return self.changes

    def last_day(self) -> date:
        return self.ends + timedelta(days=self.grace) if self.is_in_grace else self.ends

    @property
    def grace(self) -> int:
        return self.rules[self.at - 1].grace

    @property
    def months(self) -> int:
        return self.rules[self.at - 1].months if self.at else 0

    def counted(self, until: int) -> list[int]:
        return [amount for day, amount in self.bills.items() if self.counts_from <= day <= until]

    def is_kept(self, until: int) -> bool:
        rule, counted = self.rules[self.at - 1], self.counted(until)
        return sum(counted) >= rule.purchases or sum(amount > 0 for amount in counted) >= rule.visits

    def end(self, number: int) -> None:
        leads_to = self.rules[self.at - 1].leads_to
        last = (self.ends - FIRST).days
        is_lost = leads_to != "none" and (self.is_in_grace or not self.is_kept(last))
        if is_lost and not self.is_in_grace and self.grace:
            self.is_in_grace = True
            return
        target = self.target(leads_to, last) if is_lost else self.at
        # The next validity is counted from the last day of this one, even if grace kept the tier longer.
        self.move("DOWNGRADE" if target < self.at else "RENEW", target, number, counts_from=max(last + 1, self.counts_from))

    def target(self, leads_to: str, last: int) -> int:
        bought = sum(self.counted(last))
        fits = max(position for position in range(self.at + 1) if not position or bought >= THRESHOLDS[position])
        return {"previous": self.at - 1, "lowest": 0, "fitting": fits}[leads_to]

    def buy(self, number: int) -> None:
        total = sum(amount for day, amount in self.bills.items() if day <= number)
        reached = max(position for position in range(len(NAMES)) if not position or total >= THRESHOLDS[position])
        if self.bills[number] > 0 and reached > self.at:
            while self.at < reached:
                self.move("UPGRADE", self.at + 1, number, counts_from=number + 1)
        elif self.is_in_grace and self.is_kept(number):
            self.move("RENEW", self.at, number, counts_from=number + 1)

    def move(self, kind: str, target: int, number: int, *, counts_from: int) -> None:
        day = FIRST + timedelta(days=number)
        self.changes.append((kind, NAMES[self.at], NAMES[target], day))
        start = day if kind == "UPGRADE" else self.ends
        self.at, self.is_in_grace, self.counts_from = target, False, counts_from
        self.ends = plus_months(start, self.months) if self.months else date.max


def noon(number: int) -> datetime:
    return datetime.combine(FIRST + timedelta(days=number), time(12), ZONE)


def evaluated(rules: tuple[Rule, ...], bills: dict[int, int], order: list[int]) -> list[tuple[str, str, str, date]]:
    """The changes by the product's rules, with the bills arriving in this order."""
    stored = [{"name": NAMES[0]}, *(rule.stored(position) for position, rule in enumerate(rules, start=1))]
    ladder = Ladder.of(ProgramRules.from_json({"tiers": stored}), ZONE)
    start = datetime.combine(FIRST, time.min, ZONE)
    state = TierState(ladder=ladder, held=HeldTier(tier=NAMES[0], since=start, counts_from=start), totals={})
    for number in order:
        figures = {"BILL_AMOUNT": Decimal(bills[number]), "CUSTOMER_VISITS": Decimal(bills[number] > 0)}
        state.add(Activity(at=noon(number), figures=figures))
        advance(state, noon(number))
    advance(state, noon(DAYS))
    return [
        (change.kind.value, change.before.tier, change.after.tier, change.at.astimezone(ZONE).date())
        for change in state.changes
    ]


@pytest.mark.slow
@settings(max_examples=3000 if FULL else 150, deadline=None)
@given(rules=st.tuples(RULES, RULES, RULES), bills=BILLS, seed=st.randoms(use_true_random=False))
def test_any_history_is_evaluated_as_by_the_model(rules: tuple[Rule, ...], bills: dict[int, int], seed: Any) -> None:
    expected = Model(rules, bills).live()
    in_order = sorted(bills)
    assert evaluated(rules, bills, in_order) == expected
    # Bills that arrive late end in the same history.
    shuffled = list(in_order)
    seed.shuffle(shuffled)
    assert evaluated(rules, bills, shuffled) == expected
