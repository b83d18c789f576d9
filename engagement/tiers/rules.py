"""A member's tier and the figures that decide about it (docs/protocol.md 2.7, 4.5): values without a database or a clock."""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from engagement.programs.rules import ProgramRules, TierCondition, TierMeasure, TierRule, TrackerRule, TrackerType
from loyalty_project.protocol.moments import from_wall

ZERO: Final = Decimal(0)
# Figures of an activity besides those that trackers add up.
LIFETIME: Final = "LIFETIME"
BALANCE: Final = "BALANCE"
Figures = Mapping[str, Decimal]
_OF_TRACKERS: Final = {TierMeasure.TRACKER, TierMeasure.TRACKER_VALUE_BASED}
_OF_POINTS: Final = {TierMeasure.LIFETIME_POINTS, TierMeasure.CURRENT_POINTS, TierMeasure.POINTS}
# The order of what comes before everything else that happens in its moment.
BEFORE_ALL: Final = -1
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

    `since_order` and `counts_order` are the orders of what brought the tier and the validity: of what happens in the same
    moment, what has a higher order comes after it, and nothing does if they are None. The end of the tier is evaluated after
    `due_on`. That is later than `expires_on` while a renewal may still come, or while it is locked.
    """

    tier: str
    since: datetime
    counts_from: datetime
    since_order: int | None = None
    counts_order: int | None = None
    expires_on: date | None = None
    due_on: date | None = None
    locked_until: date | None = None

    @property
    def is_waiting(self) -> bool:
        """True if the validity is over and a renewal may still come."""
        return self.expires_on is not None and self.due_on is not None and self.due_on > self.expires_on

    @property
    def changed_at(self) -> datetime:
        """The moment of the last change: later than `counts_from` for a tier that was lowered after a time of grace."""
        return max(self.since, self.counts_from)

    @property
    def changed_order(self) -> int | None:
        """The order of the last change in its moment."""
        return self.counts_order if self.counts_from >= self.since else self.since_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a bill with its points, a return or a movement of points adds to a member's figures at a moment."""

    at: datetime
    figures: Figures
    bill_id: int | None = None

    @property
    def order(self) -> int:
        """Of what happens in one moment, bills come in the order of their ids, and points without a bill before them."""
        return self.bill_id or 0

    def is_after(self, moment: datetime, order: int | None) -> bool:
        """True if it comes after what had this order at the moment."""
        return self.at > moment or (self.at == moment and order is not None and self.order > order)

    def with_points(self, other: "Activity") -> "Activity | None":
        """This and `other` as one, if they are a bill and its points; else None."""
        if self.bill_id is None or (self.at, self.bill_id) != (other.at, other.bill_id):
            return None
        names = {**self.figures, **other.figures}
        sums = {name: self.figures.get(name, ZERO) + other.figures.get(name, ZERO) for name in names}
        return replace(self, figures=sums)

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
        for number, waiting in enumerate(self.activities[self.done :], start=self.done):
            if (whole := waiting.with_points(activity)) is not None:
                self.activities[number] = whole
                return
        insort(self.activities, activity, lo=self.done, key=lambda known: (known.at, known.order))

    def day_of(self, moment: datetime) -> date:
        """The day of the moment in the organization's zone."""
        return moment.astimezone(self.ladder.zone).date()

    def next_end(self) -> datetime | None:
        """The moment at which the end of the tier is evaluated; None if it never ends."""
        if self.held.due_on is None:
            return None
        return max(end_of(self.held.due_on, self.ladder.zone), self.held.changed_at)


@lru_cache(maxsize=10_000)
def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment (UTC) after `day` in `zone`."""
    return from_wall(datetime.combine(day + timedelta(days=1), time.min), zone)
