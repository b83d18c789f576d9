"""Rules of a loyalty program as typed values, read from the JSON that a program version stores.

The JSON is the program's part of the organization file in its shortest form (docs/organization-file.md). What it leaves out is
a default here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from engagement.numbers.days import month_end, months_later, read_day
from engagement.numbers.decimals import decimal, exact_decimal
from engagement.programs.earning_rules import EarningRule, EnrolmentRule
from engagement.programs.expiry_rules import NEVER, Activity, ExpiryKind, ExpiryRule
from engagement.programs.occasion_rules import OccasionRule

Stored = Mapping[str, Any]


class TierMeasure(StrEnum):
    """What a condition of a tier compares with its threshold: the first four for an upgrade, the others for a renewal."""

    CUMULATIVE_PURCHASES = "CUMULATIVE_PURCHASES"
    LIFETIME_POINTS = "LIFETIME_POINTS"
    CURRENT_POINTS = "CURRENT_POINTS"
    TRACKER_VALUE_BASED = "TRACKER_VALUE_BASED"
    PURCHASE = "PURCHASE"
    VISITS = "VISITS"
    POINTS = "POINTS"
    TRACKER = "TRACKER"


class Downgrade(StrEnum):
    """Tier of a member whose tier has ended without a renewal."""

    PREVIOUS = "previous"
    LOWEST = "lowest"
    NONE = "none"
    FITTING = "fitting"


class EndOf(StrEnum):
    """Calendar period with whose end the validity of a tier ends."""

    YEAR = "year"
    MONTH = "month"


class TrackerType(StrEnum):
    """What a tracker adds up."""

    BILL_AMOUNT = "BILL_AMOUNT"
    BILL_DISCOUNT = "BILL_DISCOUNT"
    BILL_GROSS_AMOUNT = "BILL_GROSS_AMOUNT"
    BILL_QUANTITY = "BILL_QUANTITY"
    LINEITEM_AMOUNT = "LINEITEM_AMOUNT"
    LINEITEM_QTY = "LINEITEM_QTY"
    LINEITEM_COUNT = "LINEITEM_COUNT"
    CUSTOMER_VISITS = "CUSTOMER_VISITS"
    POINTS = "POINTS"


class TrackerMode(StrEnum):
    """How the window of a tracker begins."""

    MOVING = "MOVING_WINDOW"
    CYCLIC = "CYCLIC_WINDOW"
    CALENDAR = "CALENDAR_BASED_CYCLIC_WINDOW"
    TIER_CHANGE = "TIER_CHANGE_WINDOW"


class Period(StrEnum):
    """Calendar period of a tracker."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionLimits:
    """Limits of a redemption in points; None does not limit."""

    min_points: Decimal | None = None
    multiple_of: Decimal | None = None
    max_points_per_day: Decimal | None = None

    @classmethod
    def from_json(cls, stored: Stored) -> "RedemptionLimits":
        """The limits under `redemption`."""
        return cls(
            min_points=decimal(stored.get("min_points")),
            multiple_of=decimal(stored.get("multiple_of")),
            max_points_per_day=decimal(stored.get("max_points_per_day")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerRule:
    """A sum over a window of time. `days` belongs to MOVING and CYCLIC, `start` to CYCLIC, `period` to CALENDAR."""

    name: str
    type: TrackerType
    mode: TrackerMode
    days: int = 0
    start: date | None = None
    period: Period | None = None

    @classmethod
    def from_json(cls, stored: Stored) -> "TrackerRule":
        """One of the rules under `trackers`."""
        return cls(
            name=stored["name"],
            type=TrackerType(stored["type"]),
            mode=TrackerMode(stored["mode"]),
            days=stored.get("days", stored.get("every_days", 0)),
            start=read_day(stored.get("from")),
            period=Period(stored["period"]) if "period" in stored else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCondition:
    """A measure that must reach `threshold`; `tracker` names the tracker of the measures that read one."""

    measure: TierMeasure
    threshold: Decimal
    tracker: str = ""

    @classmethod
    def from_json(cls, stored: Stored) -> "TierCondition":
        """A condition under `upgrade` or `renew`."""
        return cls(
            measure=TierMeasure(stored["based_on"]),
            threshold=exact_decimal(stored["threshold"]),
            tracker=stored.get("tracker", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TierConditions:
    """Conditions of an upgrade or a renewal: "all", "any", so many, or an expression such as "(1 AND 2) OR 3" must hold."""

    conditions: tuple[TierCondition, ...]
    match: str | int = "all"

    @classmethod
    def from_json(cls, stored: Stored) -> "TierConditions":
        """What `upgrade` or `renew` says; a single condition may be written without a list."""
        conditions = stored.get("conditions") or [stored]
        return cls(
            conditions=tuple(TierCondition.from_json(condition) for condition in conditions), match=stored.get("match", "all")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How long a tier lasts: so many months, or until the end of the period that is `number` years or months later."""

    number: int
    end_of: EndOf | None = None

    @classmethod
    def from_json(cls, stored: Stored) -> "Validity | None":
        """What a tier says under `validity` or `validity_months`; None if it never ends."""
        if validity := stored.get("validity"):
            end_of = EndOf(validity["end_of"])
            return cls(number=validity.get(f"{end_of}s", 0), end_of=end_of)
        months = stored.get("validity_months")
        return cls(number=months) if months else None

    def last_day(self, start: date) -> date:
        """The last day of a validity that begins on `start`. Raises `ValueError` after the year 9999."""
        if self.end_of == EndOf.YEAR:
            return date(start.year + self.number, 12, 31)
        if self.end_of == EndOf.MONTH:
            return month_end(months_later(start.replace(day=1), self.number))
        return months_later(start, self.number)

    def next_last_day(self, last_day: date) -> date:
        """The last day of the validity that follows one with this last day. Raises `ValueError` after the year 9999."""
        following = self.last_day(last_day)
        return following if following > last_day else self.last_day(last_day + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryGift:
    """What a member gets for reaching a tier. Without an `expiry` the points last as those of the first earning rule."""

    points: Decimal = Decimal(0)
    expiry: ExpiryRule | None = None
    coupon_series: str = ""

    @classmethod
    def from_json(cls, stored: Stored) -> "EntryGift":
        """What a tier says under `on_entry`."""
        expiry = stored.get("expiry")
        return cls(
            points=exact_decimal(stored.get("points", 0)),
            expiry=ExpiryRule.from_json(expiry) if expiry else None,
            coupon_series=stored.get("coupon_series", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRule:
    """How a tier is reached, how long it lasts, and how it is kept. The lowest tier has no upgrade.

    A renewal may come `grace_days` after the validity. Without a `validity` the tier never ends.
    """

    name: str
    description: str = ""
    upgrade: TierConditions | None = None
    validity: Validity | None = None
    grace_days: int = 0
    renew: TierConditions | None = None
    downgrade_to: Downgrade = Downgrade.NONE
    on_entry: EntryGift | None = None

    @classmethod
    def from_json(cls, stored: Stored) -> "TierRule":
        """One of the rules under `tiers`."""
        upgrade, renew, on_entry = stored.get("upgrade"), stored.get("renew"), stored.get("on_entry")
        return cls(
            name=stored["name"],
            description=stored.get("description", ""),
            upgrade=TierConditions.from_json(upgrade) if upgrade else None,
            validity=Validity.from_json(stored),
            grace_days=stored.get("grace_days", 0),
            renew=TierConditions.from_json(renew) if renew else None,
            downgrade_to=Downgrade(stored.get("downgrade_to", Downgrade.NONE)),
            on_entry=EntryGift.from_json(on_entry) if on_entry else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRules:
    """All rules of a program's version. `precision` is the decimals of a point; `points_to_currency` what one is worth."""

    points_to_currency: Decimal | None = None
    precision: int = 0
    enrolment: EnrolmentRule | None = None
    earning: tuple[EarningRule, ...] = ()
    redemption: RedemptionLimits = RedemptionLimits()
    allow_negative: bool = False
    give_back_redeemed: bool = False
    trackers: tuple[TrackerRule, ...] = ()
    tiers: tuple[TierRule, ...] = ()
    birthday_field: str = ""
    occasions: tuple[OccasionRule, ...] = ()
    expiry_notice_days: tuple[int, ...] = ()
    keeps_points_alive: tuple[Activity, ...] = (Activity.BILL,)

    @classmethod
    def from_json(cls, stored: Stored) -> "ProgramRules":
        """The rules of a stored version."""
        enrolment, returns = stored.get("enrolment"), stored.get("returns") or {}
        return cls(
            points_to_currency=decimal(stored.get("points_to_currency")),
            precision=stored.get("precision", 0),
            enrolment=EnrolmentRule.from_json(enrolment) if enrolment else None,
            earning=tuple(EarningRule.from_json(rule) for rule in stored.get("earning", ())),
            redemption=RedemptionLimits.from_json(stored.get("redemption") or {}),
            allow_negative=returns.get("allow_negative", False),
            give_back_redeemed=returns.get("give_back_redeemed", False),
            trackers=tuple(TrackerRule.from_json(rule) for rule in stored.get("trackers", ())),
            tiers=tuple(TierRule.from_json(rule) for rule in stored.get("tiers", ())),
            birthday_field=stored.get("birthday_field", ""),
            expiry_notice_days=tuple(stored.get("expiry_notice_days", ())),
            occasions=tuple(OccasionRule.from_json(rule) for rule in stored.get("occasions", ())),
            keeps_points_alive=tuple(map(Activity, stored.get("keeps_points_alive", (Activity.BILL,)))),
        )

    @property
    def ratio(self) -> Decimal:
        """What one point is worth in money; 0 if the rules do not say."""
        return self.points_to_currency or Decimal(0)

    @property
    def default_expiry(self) -> ExpiryRule:
        """Expiry of points that no rule gave: that of the first earning rule."""
        return self.earning[0].expiry if self.earning else NEVER

    @property
    def reads_customer_fields(self) -> bool:
        """True if points expire by a date in a customer's field, or a field has the birthday or completes a profile."""
        expiries = [rule.expiry for rule in self.earning] + [rule.expiry for rule in self.occasions]
        if self.enrolment:
            expiries.append(self.enrolment.expiry)
        expiries += [tier.on_entry.expiry for tier in self.tiers if tier.on_entry and tier.on_entry.expiry]
        if self.birthday_field or any(rule.fields for rule in self.occasions):
            return True
        return any(expiry.kind == ExpiryKind.FIELD for expiry in expiries)

    @property
    def may_lower(self) -> bool:
        """True if the program has a downgrade strategy: any of its tiers can be lost."""
        return any(tier.downgrade_to != Downgrade.NONE for tier in self.tiers)

    def tier(self, name: str) -> TierRule | None:
        """The rule of the tier with this name."""
        return next((tier for tier in self.tiers if tier.name == name), None)
