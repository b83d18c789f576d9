"""What a member needs for the next tier, as the customer's page shows it. Pure functions but for what they are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_noop

from engagement.numbers.display import format_money, format_points
from engagement.programs.catalog import CurrentProgram
from engagement.programs.models import Membership
from engagement.programs.rules import TierCondition, TierMeasure, TierRule, TrackerType
from engagement.tiers.conditions import history_from, total_of
from engagement.tiers.member import Figures, held_tier_of, tier_state
from engagement.tiers.payloads import tier_above
from engagement.tiers.rules import Activity, Ladder

ZERO: Final = Decimal(0)
_HUNDRED: Final = Decimal(100)
_MONEY: Final = {TrackerType.BILL_AMOUNT, TrackerType.BILL_DISCOUNT, TrackerType.BILL_GROSS_AMOUNT, TrackerType.LINEITEM_AMOUNT}
_UNITS: Final = {
    TrackerType.BILL_QUANTITY: gettext_noop("items"),
    TrackerType.LINEITEM_QTY: gettext_noop("items"),
    TrackerType.LINEITEM_COUNT: gettext_noop("lines"),
    TrackerType.CUSTOMER_VISITS: gettext_noop("visits"),
    TrackerType.POINTS: gettext_noop("points"),
}
_TRACKED: Final = {TierMeasure.TRACKER, TierMeasure.TRACKER_VALUE_BASED}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStep:
    """One condition of the next tier: what is there, and what is needed, in `unit` (a currency, or points)."""

    value: Decimal
    needed: Decimal
    unit: str
    is_money: bool

    @property
    def missing(self) -> Decimal:
        """What is missing; 0 if it is met."""
        return max(self.needed - self.value, ZERO)

    @property
    def percent(self) -> int:
        """How far it is, from 0 to 100."""
        return int(max(min(self.value / self.needed, Decimal(1)), ZERO) * _HUNDRED) if self.needed else 100

    @property
    def missing_text(self) -> str:
        """What is missing, with its unit: "340.00 CAD"."""
        return self._text(self.missing)

    @property
    def text(self) -> str:
        """What is there, and what is needed: "660.00 of 1,000.00 CAD"."""
        shown = format_money(self.value) if self.is_money else format_points(self.value)
        return gettext("%(value)s of %(needed)s") % {"value": shown, "needed": self._text(self.needed)}

    def _text(self, figure: Decimal) -> str:
        return f"{format_money(figure) if self.is_money else format_points(figure)} {gettext(self.unit)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierProgress:
    """The next tier and its conditions; `match` says how many of these must be met (see `TierConditions`)."""

    tier: str
    steps: Sequence[TierStep]
    match: str | int

    @property
    def sentence(self) -> str:
        """What is missing: "340.00 CAD to Gold"."""
        missing = [step.missing_text for step in self.steps if step.missing]
        if not missing:
            return gettext("%(tier)s with the next bill") % {"tier": self.tier}
        if self.match == "all" or len(self.steps) == 1:
            return gettext("%(missing)s to %(tier)s") % {"missing": gettext(" and ").join(missing), "tier": self.tier}
        if self.match == "any":
            return gettext("%(missing)s to %(tier)s") % {"missing": gettext(" or ").join(missing), "tier": self.tier}
        return gettext("%(number)s conditions to %(tier)s, of which some are enough") % {
            "number": len(self.steps),
            "tier": self.tier,
        }


def needed_since(membership: Membership, current: CurrentProgram, *, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The moment from which on activities must be read for `tier_progress`; None if the account's totals are enough."""
    following = _next_tier(membership, current)
    if following is None or following.upgrade is None:
        return None
    if all(condition.measure not in _TRACKED for condition in following.upgrade.conditions):
        return None
    ladder = Ladder.of(current.rules, zone)
    return history_from(ladder, held_tier_of(membership, ladder), first=now, until=now)


def tier_progress(
    membership: Membership,
    current: CurrentProgram,
    figures: Figures,
    activities: Sequence[Activity],
    *,
    zone: ZoneInfo,
    day: date,
    currency: str,
) -> TierProgress | None:
    """What the next tier needs on a day; None in the highest tier, and where no bill leads to a tier."""
    following = _next_tier(membership, current)
    if following is None or following.upgrade is None:
        return None
    state = tier_state(membership, current, figures, activities, zone=zone)
    steps = []
    for condition in following.upgrade.conditions:
        is_money, unit = _unit_of(condition, state.ladder, currency)
        value = total_of(state, condition, day)
        steps.append(TierStep(value=value, needed=condition.threshold, unit=unit, is_money=is_money))
    return TierProgress(tier=following.name, steps=steps, match=following.upgrade.match)


def _next_tier(membership: Membership, current: CurrentProgram) -> TierRule | None:
    return tier_above(current.rules, membership.tier.name if membership.tier else "")


def _unit_of(condition: TierCondition, ladder: Ladder, currency: str) -> tuple[bool, str]:
    """Whether the condition is about money, and its unit."""
    if condition.measure in {TierMeasure.CUMULATIVE_PURCHASES, TierMeasure.PURCHASE}:
        return True, currency
    if condition.measure == TierMeasure.VISITS:
        return False, gettext_noop("visits")
    if condition.measure not in _TRACKED:
        return False, gettext_noop("points")
    tracker = ladder.trackers[condition.tracker].type
    return (True, currency) if tracker in _MONEY else (False, _UNITS[tracker])
