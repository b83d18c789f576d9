"""Evaluation of a member's tier: upgrades, renewals and downgrades in the order of time (docs/protocol.md 2.7, 4.5).

Pure functions. `advance` applies what happened and what falls due to a state; the changes of the tier are its result.
"""

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from engagement.programs.expressions import alternatives_of
from engagement.programs.rules import (
    Downgrade,
    ProgramRules,
    TierCondition,
    TierConditions,
    TierMeasure,
    TierRule,
    TrackerMode,
    TrackerRule,
    TrackerType,
)
from engagement.programs.windows import first_day
from loyalty_project.protocol.moments import from_wall
from loyalty_project.protocol.numbers import plain_digits

ZERO: Final = Decimal(0)
# Figures of an activity besides those that trackers add up.
LIFETIME: Final = "LIFETIME"
BALANCE: Final = "BALANCE"
Figures = Mapping[str, Decimal]
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
_OF_TRACKERS: Final = {TierMeasure.TRACKER, TierMeasure.TRACKER_VALUE_BASED}
_OF_POINTS: Final = {TierMeasure.LIFETIME_POINTS, TierMeasure.CURRENT_POINTS, TierMeasure.POINTS}
LINE_FIGURES: Final = frozenset(
    {TrackerType.BILL_QUANTITY, TrackerType.LINEITEM_AMOUNT, TrackerType.LINEITEM_QTY, TrackerType.LINEITEM_COUNT}
)


class ChangeKind(StrEnum):
    """How a tier changes."""

    UPGRADE = "UPGRADE"
    DOWNGRADE = "DOWNGRADE"
    RENEW = "RENEW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The tiers of a program, lowest first, and the trackers that their conditions may name."""

    tiers: tuple[TierRule, ...]
    trackers: Mapping[str, TrackerRule] = field(default_factory=dict)
    zone: ZoneInfo

    @classmethod
    def of(cls, rules: ProgramRules, zone: ZoneInfo) -> "Ladder":
        """The ladder of a program's rules."""
        return cls(tiers=rules.tiers, trackers={tracker.name: tracker for tracker in rules.trackers}, zone=zone)

    @property
    def conditions(self) -> list[TierCondition]:
        """All conditions of upgrades and renewals."""
        asked = [criteria for tier in self.tiers for criteria in (tier.upgrade, tier.renew) if criteria]
        return [condition for criteria in asked for condition in criteria.conditions]

    @property
    def used_trackers(self) -> list[TrackerRule]:
        """The trackers that conditions name."""
        names = {condition.tracker for condition in self.conditions if condition.measure in _OF_TRACKERS}
        return [tracker for name, tracker in self.trackers.items() if name in names]

    @property
    def reads_points(self) -> bool:
        """True if a condition looks at points."""
        is_of_points = any(condition.measure in _OF_POINTS for condition in self.conditions)
        return is_of_points or any(tracker.type == TrackerType.POINTS for tracker in self.used_trackers)

    @property
    def reads_lines(self) -> bool:
        """True if a condition looks at lines of bills."""
        return any(tracker.type in LINE_FIGURES for tracker in self.used_trackers)

    def position(self, name: str) -> int:
        """The position of the tier (from 0); -1 for a tier that the rules no longer have."""
        return next((number for number, tier in enumerate(self.tiers) if tier.name == name), -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTier:
    """A tier that is held: since when, until which day, and from when on activity counts for its renewal.

    Its end is evaluated after `due_on`. That is later than `expires_on` while a renewal may still come, or while it is locked.
    """

    tier: str
    since: datetime
    counts_from: datetime
    expires_on: date | None = None
    due_on: date | None = None
    locked_until: date | None = None

    @property
    def is_waiting(self) -> bool:
        """True if the validity is over and a renewal may still come."""
        return self.expires_on is not None and self.due_on is not None and self.due_on > self.expires_on


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Activity:
    """What a bill, a return or a movement of points adds to a member's figures at a moment."""

    at: datetime
    figures: Figures = field(compare=False)
    bill_id: int | None = field(default=None, compare=False)

    @property
    def is_gain(self) -> bool:
        """True if it may lift a tier: a sale or points earned, not a return or points spent."""
        return any(self.figures.get(name, ZERO) > 0 for name in (TrackerType.CUSTOMER_VISITS, LIFETIME, BALANCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of the tier at a moment. `figures` is the JSON that explains it."""

    kind: ChangeKind
    at: datetime
    before: HeldTier
    after: HeldTier
    figures: Mapping[str, Any]
    bill_id: int | None = None


@dataclass(slots=True, kw_only=True)
class TierState:
    """A member's tier and the figures that decide about it.

    `totals` are the figures before the first of the `activities`, which are in the order of time. `done` of them are applied.
    Those before `known_until` were evaluated when they happened: they lift nobody, unless what comes late is before them.
    """

    ladder: Ladder
    held: HeldTier
    totals: dict[str, Decimal]
    activities: list[Activity] = field(default_factory=list)
    done: int = 0
    may_rise: bool = True
    known_until: datetime | None = None
    changes: list[Change] = field(default_factory=list)
    reached: datetime | None = None
    origin: tuple[HeldTier, Mapping[str, Decimal]] = field(init=False)

    def __post_init__(self) -> None:
        self.origin = (self.held, dict(self.totals))

    def add(self, activity: Activity) -> None:
        """Add what happened, to be applied by `advance`. What comes late takes back what was applied: it is applied anew."""
        if self.reached is not None and activity.at < self.reached:
            self.held, totals = self.origin
            self.totals, self.done, self.reached = dict(totals), 0, None
            self.changes.clear()
        if self.known_until is not None:
            self.known_until = min(self.known_until, activity.at)
        insort(self.activities, activity, lo=self.done, key=lambda known: known.at)

    def next_end(self) -> datetime | None:
        """The moment at which the end of the tier is evaluated; None if it never ends."""
        if self.held.due_on is None:
            return None
        return max(end_of(self.held.due_on, self.ladder.zone), self.held.counts_from)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) after `day` in `zone`."""
    return from_wall(datetime.combine(day + timedelta(days=1), time.min), zone)


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
    is_late = activity.at < state.held.counts_from
    reached_before = _reached(state, activity.at) if is_late else -1
    for name, value in activity.figures.items():
        state.totals[name] = state.totals.get(name, ZERO) + value
    changes = _rise(state, activity, above=reached_before)
    held = state.held
    present = state.ladder.position(held.tier)
    if not changes and present >= 0 and held.is_waiting and activity.at >= held.counts_from:
        tier = state.ladder.tiers[present]
        if is_renewed(state, tier, at=activity.at):
            changes = [_renew(state, tier, activity.at, bill_id=activity.bill_id)]
    return changes


def _rise(state: TierState, activity: Activity, *, above: int) -> list[Change]:
    """Upgrades, a change for each tier passed: to the highest tier whose condition is met, if that is `above` what was.

    What comes from before the last change lifts only to a tier that it reaches itself: one that was lost is not given back.
    """
    if not activity.is_gain or not state.may_rise or (state.known_until is not None and activity.at < state.known_until):
        return []
    tiers = state.ladder.tiers
    present = state.ladder.position(state.held.tier)
    reached = _reached(state, activity.at)
    if reached <= max(present, above):
        return []
    at = max(activity.at, state.held.counts_from)
    met = _figures_of(state, tiers[reached].upgrade, at)
    return [
        _enter(state, ChangeKind.UPGRADE, tier, at, figures=met, bill_id=activity.bill_id)
        for tier in tiers[present + 1 : reached + 1]
    ]


def _reached(state: TierState, at: datetime) -> int:
    """The position of the highest tier above the present one whose upgrade condition is met; -1 if there is none."""
    tiers = state.ladder.tiers
    present = state.ladder.position(state.held.tier)
    return next((number for number in range(len(tiers) - 1, present, -1) if _is_reached(state, tiers[number], at)), -1)


def _is_reached(state: TierState, tier: TierRule, at: datetime) -> bool:
    return tier.upgrade is not None and holds(tier.upgrade, lambda condition: total_of(state, condition, at))


def _end(state: TierState, at: datetime) -> list[Change]:
    """The end of a validity, or of the time in which a renewal could still come."""
    held, tiers = state.held, state.ladder.tiers
    present = state.ladder.position(held.tier)
    last_day = held.expires_on or held.due_on
    if present < 0 or last_day is None:
        return [_lower(state, at, figures={})] if tiers else _keep(state)
    tier = tiers[present]
    if present == 0 or tier.downgrade_to == Downgrade.NONE:
        return [_renew(state, tier, at)]
    if not held.is_waiting:
        if is_renewed(state, tier, at=at):
            return [_renew(state, tier, at)]
        wait = max(last_day + timedelta(days=tier.grace_days), held.locked_until or last_day)
        if wait > last_day:
            state.held = replace(held, due_on=wait)
            return []
    figures = _figures_of(state, tier.renew, at) if tier.renew else {}
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
            target = next((number for number in range(present, 0, -1) if _fits(state, tiers[number], at)), 0)
        case Downgrade.PREVIOUS:
            target = present - 1
        case _:
            target = 0
    if target == present:
        return _renew(state, tiers[present], at)
    return _enter(state, ChangeKind.DOWNGRADE, tiers[target], at, figures=figures)


def _fits(state: TierState, tier: TierRule, at: datetime) -> bool:
    """True if the figures of the validity that ended meet the tier's upgrade condition."""
    return tier.upgrade is not None and holds(tier.upgrade, lambda condition: _within_validity(state, condition, at))


def _within_validity(state: TierState, condition: TierCondition, at: datetime) -> Decimal:
    match condition.measure:
        case TierMeasure.CUMULATIVE_PURCHASES:
            return validity_sum(state, TrackerType.BILL_AMOUNT)
        case TierMeasure.LIFETIME_POINTS:
            return validity_sum(state, LIFETIME)
        case _:
            return total_of(state, condition, at)


def is_renewed(state: TierState, tier: TierRule, *, at: datetime) -> bool:
    """True if what keeps the tier has happened since its validity began."""
    return tier.renew is not None and holds(tier.renew, lambda condition: total_of(state, condition, at))


def _renew(state: TierState, tier: TierRule, at: datetime, *, bill_id: int | None = None) -> Change:
    figures = _figures_of(state, tier.renew, at) if tier.renew else {}
    return _enter(state, ChangeKind.RENEW, tier, at, figures=figures, bill_id=bill_id)


def _enter(
    state: TierState,
    kind: ChangeKind,
    tier: TierRule,
    at: datetime,
    *,
    figures: Mapping[str, Any],
    bill_id: int | None = None,
) -> Change:
    """Begin a validity: of an upgrade on the day of the upgrade, else on the last day of the validity before."""
    before = state.held
    expires_on = None
    if tier.validity is not None:
        if kind == ChangeKind.UPGRADE or before.expires_on is None:
            expires_on = tier.validity.last_day(at.astimezone(state.ladder.zone).date())
        else:
            expires_on = tier.validity.next_last_day(before.expires_on)
    state.held = HeldTier(
        tier=tier.name,
        since=before.since if kind == ChangeKind.RENEW else at,
        counts_from=at,
        expires_on=expires_on,
        due_on=expires_on,
        locked_until=before.locked_until,
    )
    return Change(kind=kind, at=at, before=before, after=state.held, figures=figures, bill_id=bill_id)


# --- conditions


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


def total_of(state: TierState, condition: TierCondition, at: datetime, *, day: date | None = None) -> Decimal:
    """What the condition compares with its threshold, of everything applied by now.

    `day`, in the organization's zone, is that of `at` unless a tracker is asked for a later one.
    """
    if condition.measure in _TOTALS:
        return state.totals.get(_TOTALS[condition.measure], ZERO)
    if condition.measure in _WITHIN:
        return validity_sum(state, _WITHIN[condition.measure])
    return tracked(state, state.ladder.trackers[condition.tracker], day or at.astimezone(state.ladder.zone).date())


def validity_sum(state: TierState, name: str) -> Decimal:
    """Sum of a figure since the validity began; what began it does not count."""
    since = state.held.counts_from
    done = state.activities[: state.done]
    return sum((activity.figures.get(name, ZERO) for activity in done if activity.at > since), ZERO)


def tracked(state: TierState, tracker: TrackerRule, day: date) -> Decimal:
    """The value of a tracker on a day, of everything applied by now."""
    return sum((activity.figures.get(tracker.type, ZERO) for activity in window_of(state, tracker, day)), ZERO)


def window_of(state: TierState, tracker: TrackerRule, day: date) -> Sequence[Activity]:
    """What was applied within the tracker's window that ends on `day`."""
    done = state.activities[: state.done]
    first = first_day(tracker, day)
    if first is None:
        return [activity for activity in done if activity.at > state.held.since]
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


def _figures_of(state: TierState, asked: TierConditions | None, at: datetime) -> dict[str, Any]:
    """What was compared, for the explanation of a change."""
    if asked is None:
        return {}
    rows = []
    for condition in asked.conditions:
        row = {
            "based_on": condition.measure,
            "threshold": plain_digits(condition.threshold),
            "value": plain_digits(total_of(state, condition, at)),
        }
        rows.append({**row, "tracker": condition.tracker} if condition.tracker else row)
    return {"match": asked.match, "conditions": rows}
