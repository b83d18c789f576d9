"""Conditions of upgrades and renewals: what they compare with their thresholds, and whether they hold. Pure functions."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from engagement.programs.expressions import alternatives_of
from engagement.programs.rules import (
    TierCondition,
    TierConditions,
    TierMeasure,
    TierRule,
    TrackerMode,
    TrackerRule,
    TrackerType,
)
from engagement.programs.windows import first_day
from engagement.tiers.rules import BALANCE, LIFETIME, Activity, HeldTier, Ladder, TierState, end_of
from loyalty_project.protocol.moments import from_wall
from loyalty_project.protocol.numbers import plain_digits

ZERO: Final = Decimal(0)
_TOTALS: Final = {
    TierMeasure.CUMULATIVE_PURCHASES: TrackerType.BILL_AMOUNT,
    TierMeasure.LIFETIME_POINTS: LIFETIME,
    TierMeasure.CURRENT_POINTS: BALANCE,
}
_WITHIN: Final = {
    TierMeasure.PURCHASE: TrackerType.BILL_AMOUNT,
    TierMeasure.VISITS: TrackerType.CUSTOMER_VISITS,
    TierMeasure.POINTS: TrackerType.POINTS,
}


def holds(asked: TierConditions, value_of: Callable[[TierCondition], Decimal]) -> bool:
    """True if enough of the conditions are met by `value_of(condition)`, as `match` says."""
    met = [value_of(condition) >= condition.threshold for condition in asked.conditions]
    match asked.match:
        case "all":
            return all(met)
        case "any":
            return any(met)
        case int() as number:
            return sum(met) >= number
        case expression:
            return any(all(met[position - 1] for position in together) for together in alternatives_of(expression))


def is_renewed(state: TierState, tier: TierRule, *, day: date) -> bool:
    """True if what keeps the tier has happened from the beginning of its validity to the end of `day`."""
    return tier.renew is not None and holds(tier.renew, lambda condition: total_of(state, condition, day))


def total_of(state: TierState, condition: TierCondition, day: date) -> Decimal:
    """What the condition compares with its threshold, of everything applied by now.

    Sums of a validity or a tracker's window are those up to the end of `day`, in the organization's zone.
    """
    if condition.measure in _TOTALS:
        return state.totals.get(_TOTALS[condition.measure], ZERO)
    if condition.measure in _WITHIN:
        return validity_sum(state, _WITHIN[condition.measure], day)
    return tracked(state, state.ladder.trackers[condition.tracker], day)


def validity_sum(state: TierState, name: str, day: date) -> Decimal:
    """Sum of a figure from the beginning of the validity to the end of `day`; what began it does not count."""
    held, until = state.held, end_of(day, state.ladder.zone)
    counted = (
        activity.figures.get(name, ZERO)
        for activity in state.activities[: state.done]
        if activity.at < until and activity.is_after(held.counts_from, held.counts_order)
    )
    return sum(counted, ZERO)


def tracked(state: TierState, tracker: TrackerRule, day: date) -> Decimal:
    """The value of a tracker on a day, of everything applied by now."""
    return sum((activity.figures.get(tracker.type, ZERO) for activity in window_of(state, tracker, day)), ZERO)


def window_of(state: TierState, tracker: TrackerRule, day: date) -> Sequence[Activity]:
    """What was applied within the tracker's window that ends with `day`."""
    held, until = state.held, end_of(day, state.ladder.zone)
    done = [activity for activity in state.activities[: state.done] if activity.at < until]
    first = first_day(tracker, day)
    if first is None:
        return [activity for activity in done if activity.is_after(held.since, held.since_order)]
    start = from_wall(datetime.combine(first, time.min), state.ladder.zone)
    return [activity for activity in done if activity.at >= start]


def history_from(ladder: Ladder, held: HeldTier, *, first: datetime, until: datetime) -> datetime:
    """The moment from which on activities must be known to evaluate what happens between `first` and `until`."""
    needed = first
    if held.is_waiting or (held.due_on is not None and end_of(held.due_on, ladder.zone) <= until):
        needed = min(needed, held.counts_from)
    starts = [needed]
    for tracker in ladder.used_trackers:
        if tracker.mode == TrackerMode.TIER_CHANGE:
            starts.append(held.since)
        elif (day := first_day(tracker, needed.astimezone(ladder.zone).date())) is not None:
            starts.append(from_wall(datetime.combine(day, time.min), ladder.zone))
    return min(starts)


def figures_of(state: TierState, asked: TierConditions | None, day: date) -> dict[str, Any]:
    """What was compared, for the explanation of a change."""
    if asked is None:
        return {}
    rows = []
    for condition in asked.conditions:
        row = {
            "based_on": condition.measure,
            "threshold": plain_digits(condition.threshold),
            "value": plain_digits(total_of(state, condition, day)),
        }
        rows.append({**row, "tracker": condition.tracker} if condition.tracker else row)
    return {"match": asked.match, "conditions": rows}
