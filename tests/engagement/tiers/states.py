"""States of a member's tier, and what happens to them: values for tests of pure functions."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagement.programs.rules import ProgramRules
from engagement.tiers.changes import advance
from engagement.tiers.rules import Activity, Change, HeldTier, Ladder, TierState

ZONE = ZoneInfo("Asia/Kolkata")
START = datetime(2024, 1, 1, 12, tzinfo=ZONE)
TIERS: list[dict[str, Any]] = [
    {"name": "Ground"},
    {
        "name": "First",
        "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1000},
        "validity_months": 12,
        "renew": {
            "match": "any",
            "conditions": [{"based_on": "PURCHASE", "threshold": 500}, {"based_on": "VISITS", "threshold": 3}],
        },
        "downgrade_to": "previous",
    },
    {
        "name": "Second",
        "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 5000},
        "validity_months": 12,
        "renew": {"conditions": [{"based_on": "PURCHASE", "threshold": 4000}]},
        "downgrade_to": "lowest",
    },
]


def tiers(*changed: dict[str, Any]) -> list[dict[str, Any]]:
    """The tiers above the lowest, each with its changes."""
    changes = [*changed, *({} for _ in TIERS)]
    return [TIERS[0], *({**tier, **change} for tier, change in zip(TIERS[1:], changes, strict=False))]


def state_of(rules: list[dict[str, Any]] | None = None, *, tier: str = "Ground", **more: Any) -> TierState:
    trackers = more.pop("trackers", [])
    ladder = Ladder.of(ProgramRules.from_json({"tiers": rules or TIERS, "trackers": trackers}), ZONE)
    totals = more.pop("totals", {})
    may_rise = more.pop("may_rise", True)
    held = HeldTier(tier=tier, **{"since": START, "counts_from": START, **more})
    return TierState(ladder=ladder, held=held, totals=totals, may_rise=may_rise)


def bought(day: float, amount: int, *, bill: int | None = None, **figures: int) -> Activity:
    """A bill so many days after the start; a return if the amount is negative. `bill` is its id."""
    sums = {"BILL_AMOUNT": amount, "CUSTOMER_VISITS": int(amount > 0), **figures}
    values = {name: Decimal(value) for name, value in sums.items()}
    return Activity(at=START + timedelta(days=day), figures=values, bill_id=bill)


def run(state: TierState, *activities: Activity, until: int) -> list[tuple[str, str, str, date]]:
    for activity in activities:
        state.add(activity)
    advance(state, START + timedelta(days=until))
    return [row(change) for change in state.changes]


def row(change: Change) -> tuple[str, str, str, date]:
    return change.kind, change.before.tier, change.after.tier, change.at.astimezone(ZONE).date()


def day(number: int) -> date:
    return START.date() + timedelta(days=number)
