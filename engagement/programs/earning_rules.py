"""Earning rules of a program as typed values, read from the JSON that a version stores (docs/organization-file.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from engagement.numbers.days import read_day
from engagement.numbers.decimals import decimal, exact_decimal
from engagement.programs.expiry_rules import NEVER, ExpiryRule

Stored = Mapping[str, Any]


class EarningKind(StrEnum):
    """Kind of the points that an earning rule gives."""

    REGULAR = "regular"
    PROMOTIONAL = "promotional"


class Weekday(StrEnum):
    """Day of the week, in the order of `date.weekday()`."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class Birthday(StrEnum):
    """When a bill falls on a birthday: in its month, or on the day itself."""

    MONTH = "month"
    DAY = "day"


class SegmentPart(NamedTuple):
    """A partition of a segment of customers, by name."""

    segment: str
    partition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedAward:
    """The same number of points for every bill."""

    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentAward:
    """A percentage of the amount, as points."""

    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RateAward:
    """`points` for every `per` of the amount."""

    points: Decimal
    per: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAward:
    """Points for each unit of quantity of the lines that match."""

    points: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier:
    """(`times` - 1) times the regular points that the other rules gave for the bill; only those of the rules `of`, if named."""

    times: Decimal
    of: tuple[str, ...] = ()


# Awards that come from a bill, or from some of its lines; a multiplier comes from other awards.
BaseAward = FixedAward | PercentAward | RateAward | UnitAward
AwardRule = BaseAward | Multiplier


def award_rule(stored: Stored) -> AwardRule:
    """The award that an earning rule names in one of its five forms."""
    if (fixed := decimal(stored.get("fixed"))) is not None:
        return FixedAward(points=fixed)
    if (percent := decimal(stored.get("percent"))) is not None:
        return PercentAward(percent=percent)
    if (per_unit := decimal(stored.get("per_unit"))) is not None:
        return UnitAward(points=per_unit)
    if (times := decimal(stored.get("multiply"))) is not None:
        return Multiplier(times=times, of=tuple(stored.get("of") or ()))
    return RateAward(points=exact_decimal(stored["points"]), per=exact_decimal(stored["per"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConditions:
    """Lines that a rule looks at: item codes in and out, and attributes that must each have one of their values."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def from_json(cls, stored: Stored) -> "LineConditions":
        """The conditions `items` and `attributes` under `when`."""
        items = stored.get("items") or {}
        return cls(
            include=tuple(items.get("include") or ()),
            exclude=tuple(items.get("exclude") or ()),
            attributes=tuple((name, tuple(values)) for name, values in sorted((stored.get("attributes") or {}).items())),
        )

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude or self.attributes)

    def match(self, item_code: str, attributes: Mapping[str, str]) -> bool:
        """True if the rule looks at a line of this item with these attributes."""
        if item_code in self.exclude or (self.include and item_code not in self.include):
            return False
        return all(attributes.get(name) in values for name, values in self.attributes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleConditions:
    """Sales to which an earning rule applies. An empty list, or None, does not restrict. One of several segments is enough."""

    min_amount: Decimal | None = None
    stores: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    lines: LineConditions = LineConditions()
    birthday: Birthday | None = None
    segments: tuple[SegmentPart, ...] = ()

    @classmethod
    def from_json(cls, stored: Stored) -> "SaleConditions":
        """The conditions under `when`."""
        birthday = stored.get("birthday")
        return cls(
            min_amount=decimal(stored.get("min_amount")),
            stores=tuple(stored.get("stores") or ()),
            zones=tuple(stored.get("zones") or ()),
            concepts=tuple(stored.get("concepts") or ()),
            tiers=tuple(stored.get("tiers") or ()),
            weekdays=tuple(Weekday(day) for day in stored.get("weekdays") or ()),
            first_day=read_day(stored.get("from")),
            last_day=read_day(stored.get("until")),
            lines=LineConditions.from_json(stored),
            birthday=Birthday(birthday) if birthday else None,
            segments=tuple(SegmentPart(part["segment"], part["partition"]) for part in stored.get("segments") or ()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningRule:
    """Points for a bill. With `delay_days` they are promised first.

    `max_points` caps one bill, the other caps a day and a month of a customer. Of the rules of one `group` only the one that
    gives most counts.
    """

    name: str
    award: AwardRule
    conditions: SaleConditions = SaleConditions()
    kind: EarningKind = EarningKind.REGULAR
    delay_days: int = 0
    expiry: ExpiryRule = NEVER
    group: str = ""
    max_points: Decimal | None = None
    max_points_per_day: Decimal | None = None
    max_points_per_month: Decimal | None = None

    @classmethod
    def from_json(cls, stored: Stored) -> "EarningRule":
        """One of the rules under `earning`."""
        return cls(
            name=stored["name"],
            award=award_rule(stored["award"]),
            conditions=SaleConditions.from_json(stored.get("when") or {}),
            kind=EarningKind(stored.get("kind", EarningKind.REGULAR)),
            delay_days=stored.get("delay_days", 0),
            expiry=ExpiryRule.from_json(stored.get("expiry")),
            group=stored.get("group", ""),
            max_points=decimal(stored.get("max_points")),
            max_points_per_day=decimal(stored.get("max_points_per_day")),
            max_points_per_month=decimal(stored.get("max_points_per_month")),
        )

    @property
    def reads_lines(self) -> bool:
        """True if what it gives depends on the lines of a bill."""
        return bool(self.conditions.lines) or isinstance(self.award, UnitAward)

    @property
    def is_capped_over_time(self) -> bool:
        """True if what it gives depends on what it gave before."""
        return self.max_points_per_day is not None or self.max_points_per_month is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRule:
    """Points for joining the program."""

    points: Decimal
    expiry: ExpiryRule = NEVER

    @classmethod
    def from_json(cls, stored: Stored) -> "EnrolmentRule":
        """The award under `enrolment`."""
        return cls(points=exact_decimal(stored["points"]), expiry=ExpiryRule.from_json(stored.get("expiry")))
