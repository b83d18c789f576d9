"""Changes of a member's tier: upgrades, renewals and downgrades in the order of time (docs/protocol.md 2.7, 4.5).

Pure functions. `advance` applies what happened and what falls due to a state; the changes of the tier are its result.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from engagement.programs.rules import Downgrade, TierCondition, TierMeasure, TierRule, TrackerType
from engagement.tiers.conditions import figures_of, holds, is_renewed, total_of, validity_sum
from engagement.tiers.rules import BEFORE_ALL, LIFETIME, Activity, Change, ChangeKind, HeldTier, TierState, end_of

ZERO: Final = Decimal(0)


def advance(state: TierState, until: datetime) -> list[Change]:
    """Apply everything up to `until`, in the order of time, ends of tiers before what happens in the same moment."""
    before = len(state.changes)
    state.reached = until if state.reached is None else max(until, state.reached)
    while True:
        following = state.activities[state.done] if state.done < len(state.activities) else None
        end = state.next_end()
        if end is not None and end <= until and (following is None or end <= following.at):
            state.changes += _end(state, end)
        elif following is not None and following.at <= until:
            state.done += 1
            state.changes += _apply(state, following)
        else:
            return state.changes[before:]


def _apply(state: TierState, activity: Activity) -> list[Change]:
    is_late = activity.at < state.held.changed_at
    reached_before = _reached(state, activity.at) if is_late else -1
    for name, value in activity.figures.items():
        state.totals[name] = state.totals.get(name, ZERO) + value
    return _rise(state, activity, above=reached_before) or _keep_late(state, activity)


def _keep_late(state: TierState, activity: Activity) -> list[Change]:
    """A renewal after the validity: at the moment of what completes it, or at the end of the validity if that comes late."""
    held = state.held
    present = state.ladder.position(held.tier)
    if present < 0 or held.expires_on is None or not held.is_waiting or _is_known(state, activity):
        return []
    tier = state.ladder.tiers[present]
    is_over = activity.at >= end_of(held.expires_on, state.ladder.zone)
    day = state.day_of(activity.at) if is_over else held.expires_on
    if not is_renewed(state, tier, day=day):
        return []
    if is_over:
        return [_renew(state, tier, activity.at, day=day, by=activity)]
    return [_renew(state, tier, end_of(day, state.ladder.zone), day=day)]


def _is_known(state: TierState, activity: Activity) -> bool:
    """True for what was evaluated when it happened."""
    return state.known_until is not None and activity.at < state.known_until


def _rise(state: TierState, activity: Activity, *, above: int) -> list[Change]:
    """Upgrades, a change for each tier passed: to the highest tier whose condition is met, if that is `above` what was.

    What comes from before the last change lifts only to a tier that it reaches itself: one that was lost is not given back.
    """
    if not activity.is_gain or not state.may_rise or _is_known(state, activity):
        return []
    tiers = state.ladder.tiers
    present = state.ladder.position(state.held.tier)
    reached = _reached(state, activity.at)
    if reached <= max(present, above):
        return []
    at = max(activity.at, state.held.changed_at)
    met = figures_of(state, tiers[reached].upgrade, state.day_of(at))
    return [_enter(state, ChangeKind.UPGRADE, tier, at, figures=met, by=activity) for tier in tiers[present + 1 : reached + 1]]


def _reached(state: TierState, at: datetime) -> int:
    """The position of the highest tier above the present one whose upgrade condition is met; -1 if there is none."""
    tiers, day = state.ladder.tiers, state.day_of(at)
    present = state.ladder.position(state.held.tier)
    return next((number for number in range(len(tiers) - 1, present, -1) if _is_reached(state, tiers[number], day)), -1)


def _is_reached(state: TierState, tier: TierRule, day: date) -> bool:
    return tier.upgrade is not None and holds(tier.upgrade, lambda condition: total_of(state, condition, day))


def _end(state: TierState, at: datetime) -> list[Change]:
    """The end of a validity, or of the time in which a renewal could still come."""
    held, tiers = state.held, state.ladder.tiers
    present = state.ladder.position(held.tier)
    last_day = held.expires_on or held.due_on
    if present < 0 or last_day is None:
        return [_lower(state, at, figures={})] if tiers else _keep(state)
    tier = tiers[present]
    if present == 0 or tier.downgrade_to == Downgrade.NONE:
        return [_renew(state, tier, at, day=last_day)]
    if not held.is_waiting:
        if is_renewed(state, tier, day=last_day):
            return [_renew(state, tier, at, day=last_day)]
        wait = max(last_day + timedelta(days=tier.grace_days), held.locked_until or last_day)
        if wait > last_day:
            state.held = replace(held, due_on=wait)
            return []
    figures = figures_of(state, tier.renew, held.due_on or last_day) if tier.renew else {}
    return [_lower(state, at, figures=figures)]


def _keep(state: TierState) -> list[Change]:
    """A program without tiers ends none."""
    state.held = replace(state.held, due_on=None)
    return []


def _lower(state: TierState, at: datetime, *, figures: Mapping[str, Any]) -> Change:
    tiers = state.ladder.tiers
    present = state.ladder.position(state.held.tier)
    chosen = tiers[present].downgrade_to if present >= 0 else Downgrade.LOWEST
    match chosen:
        case Downgrade.FITTING:
            target = next((number for number in range(present, 0, -1) if _fits(state, tiers[number])), 0)
        case Downgrade.PREVIOUS:
            target = present - 1
        case _:
            target = 0
    if target == present:
        return _renew(state, tiers[present], at, day=state.held.expires_on or state.day_of(at))
    return _enter(state, ChangeKind.DOWNGRADE, tiers[target], at, figures=figures)


def _fits(state: TierState, tier: TierRule) -> bool:
    """True if the figures of the validity that ended, without a time of grace, meet the tier's upgrade condition."""
    day = state.held.expires_on
    return (
        day is not None
        and tier.upgrade is not None
        and holds(tier.upgrade, lambda condition: _within_validity(state, condition, day))
    )


def _within_validity(state: TierState, condition: TierCondition, day: date) -> Decimal:
    match condition.measure:
        case TierMeasure.CUMULATIVE_PURCHASES:
            return validity_sum(state, TrackerType.BILL_AMOUNT, day)
        case TierMeasure.LIFETIME_POINTS:
            return validity_sum(state, LIFETIME, day)
        case _:
            return total_of(state, condition, day)


def _renew(
    state: TierState,
    tier: TierRule,
    at: datetime,
    *,
    day: date,
    by: Activity | None = None,
) -> Change:
    figures = figures_of(state, tier.renew, day) if tier.renew else {}
    return _enter(state, ChangeKind.RENEW, tier, at, figures=figures, by=by)


def _enter(
    state: TierState,
    kind: ChangeKind,
    tier: TierRule,
    at: datetime,
    *,
    figures: Mapping[str, Any],
    by: Activity | None = None,
) -> Change:
    """Begin a validity: of an upgrade on the day of the upgrade, else on the last day of the validity before.

    What counts for it comes after the activity that brought it; without one, after the end of the validity before, which a
    renewal in grace may have begun later than that.
    """
    before, zone = state.held, state.ladder.zone
    expires_on = None
    if tier.validity is not None:
        if kind == ChangeKind.UPGRADE or before.expires_on is None:
            expires_on = tier.validity.last_day(at.astimezone(zone).date())
        else:
            expires_on = tier.validity.next_last_day(before.expires_on)
    order = BEFORE_ALL if by is None else by.order if by.at == at else before.changed_order
    counts_from, counts_order = at, order
    if by is None and before.expires_on is not None:
        over = end_of(before.expires_on, zone)
        counts_from, counts_order = (
            (before.counts_from, before.counts_order) if before.counts_from > over else (over, BEFORE_ALL)
        )
    is_other = kind != ChangeKind.RENEW
    state.held = HeldTier(
        tier=tier.name,
        since=at if is_other else before.since,
        since_order=order if is_other else before.since_order,
        counts_from=counts_from,
        counts_order=counts_order,
        expires_on=expires_on,
        due_on=expires_on,
        locked_until=before.locked_until,
    )
    bill_id = by.bill_id if by else None
    return Change(kind=kind, at=at, before=before, after=state.held, figures=figures, bill_id=bill_id)
