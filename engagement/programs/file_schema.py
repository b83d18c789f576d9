"""Schema of a program in the organization file. `rules` has the typed form of what it accepts."""

from typing import Any, Final

from engagement.programs.earning_rules import Birthday, EarningKind, Weekday
from engagement.programs.expiry_rules import Activity, ExpiryKind
from engagement.programs.expressions import alternatives_of
from engagement.programs.occasion_rules import OccasionKind
from engagement.programs.rules import Downgrade, EndOf, Period, TierMeasure, TrackerMode, TrackerType
from organizations.organization_file.common_keys import CODES, check_order
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.schema import (
    AnyOf,
    Day,
    Flag,
    Key,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Struct,
    Text,
    Variants,
    Whole,
    optional,
    required,
)

POINTS: Final = Number(3)
AMOUNT: Final = Number(3)
DAYS: Final = Whole(1, 36_500)
MONTHS: Final = Whole(1, 1200)
MAX_TRACKER_CONDITIONS: Final = 3
UPGRADE_MEASURES: Final = (
    TierMeasure.CUMULATIVE_PURCHASES,
    TierMeasure.LIFETIME_POINTS,
    TierMeasure.CURRENT_POINTS,
    TierMeasure.TRACKER_VALUE_BASED,
)
RENEWAL_MEASURES: Final = (TierMeasure.PURCHASE, TierMeasure.VISITS, TierMeasure.POINTS, TierMeasure.TRACKER)
TRACKER_MEASURES: Final = {TierMeasure.TRACKER_VALUE_BASED, TierMeasure.TRACKER}

EXPIRY: Final = Variants(
    "kind",
    {
        ExpiryKind.NEVER: {},
        ExpiryKind.DAYS: {"value": required(DAYS)},
        ExpiryKind.MONTHS: {"value": required(MONTHS)},
        ExpiryKind.DATE: {"value": required(Day())},
        ExpiryKind.LAST_ACTIVITY: {"value": required(MONTHS)},
        ExpiryKind.ROLLING: {"value": required(MONTHS)},
        ExpiryKind.ANNIVERSARY: {"value": required(Whole(1, 100))},
        ExpiryKind.MEMBERSHIP: {},
        ExpiryKind.FIELD: {"name": required(Text(100)), "value": optional(Whole(0, 36_500), 0)},
    },
)


def _check_award(award: dict[str, Any], path: str, problems: Problems) -> None:
    given = {name for name, value in award.items() if value is not None}
    if given not in ({"per", "points"}, {"percent"}, {"fixed"}, {"per_unit"}, {"multiply"}, {"multiply", "of"}):
        problems.add(path, "must be per with points, or percent, or fixed, or per_unit, or multiply")
    elif "multiply" in given and award["multiply"] <= 1:
        problems.add(below(path, "multiply"), "must be above 1")


def _check_rule(rule: dict[str, Any], path: str, problems: Problems) -> None:
    """A multiplier multiplies points that other rules gave: it looks at no lines of its own."""
    when = rule["when"] or {}
    if rule["award"]["multiply"] is not None:
        for name in ("items", "attributes"):
            if when.get(name):
                problems.add(below(path, f"when.{name}"), "does not go with multiply")


RULE: Final = Struct(
    {
        "name": required(Text(100)),
        "when": optional(
            Struct(
                {
                    "min_amount": optional(AMOUNT),
                    "stores": optional(CODES, []),
                    "zones": optional(CODES, []),
                    "concepts": optional(CODES, []),
                    "tiers": optional(CODES, []),
                    "weekdays": optional(ListOf(OneOf(*Weekday), unique=True), []),
                    "from": optional(Day()),
                    "until": optional(Day()),
                    "items": optional(Struct({"include": optional(CODES, []), "exclude": optional(CODES, [])})),
                    "attributes": optional(MapOf(Text(100), ListOf(Text(200), unique=True, filled=True)), {}),
                    "birthday": optional(OneOf(*Birthday)),
                    "segments": optional(
                        ListOf(
                            Struct({"segment": required(Text(100)), "partition": required(Text(100))}),
                            key=("segment", "partition"),
                        ),
                        [],
                    ),
                },
                check_order("from", "until"),
            )
        ),
        "award": required(
            Struct(
                {
                    "per": optional(Number(3, above_zero=True)),
                    "points": optional(POINTS),
                    "percent": optional(Number(6)),
                    "fixed": optional(POINTS),
                    "per_unit": optional(POINTS),
                    "multiply": optional(Number(3)),
                    "of": optional(ListOf(Text(100), unique=True, filled=True)),
                },
                _check_award,
            )
        ),
        "kind": optional(OneOf(*EarningKind), EarningKind.REGULAR.value),
        "delay_days": optional(Whole(0, 3650), 0),
        "expiry": optional(EXPIRY),
        "group": optional(Text(100)),
        "max_points": optional(POINTS),
        "max_points_per_day": optional(POINTS),
        "max_points_per_month": optional(POINTS),
    },
    _check_rule,
)


def _check_occasion(occasion: dict[str, Any], path: str, problems: Problems) -> None:
    needs = occasion["on"] == OccasionKind.PROFILE_COMPLETE
    if needs and not occasion["fields"]:
        problems.add(below(path, "fields"), "is required")
    elif not needs and occasion["fields"]:
        problems.add(below(path, "fields"), f"does not go with {occasion['on']}")


OCCASION: Final = Struct(
    {
        # The name is part of the reference of its entries.
        "name": required(Text(80)),
        "on": required(OneOf(*OccasionKind)),
        "fields": optional(ListOf(Text(100), unique=True), []),
        "award": required(Struct({"fixed": required(POINTS)})),
        "expiry": optional(EXPIRY),
    },
    _check_occasion,
)

TRACKER: Final = Variants(
    "mode",
    {
        TrackerMode.MOVING: {"days": required(DAYS)},
        TrackerMode.CYCLIC: {"every_days": required(DAYS), "from": required(Day())},
        TrackerMode.CALENDAR: {"period": required(OneOf(*Period))},
        TrackerMode.TIER_CHANGE: {},
    },
    common={"name": required(Text(100)), "type": required(OneOf(*TrackerType))},
)


def _condition(measures: tuple[TierMeasure, ...], *, is_required: bool) -> dict[str, Key]:
    wrap = required if is_required else optional
    return {
        "based_on": wrap(OneOf(*measures)),
        "threshold": wrap(Number(3)),
        "tracker": optional(Text(100)),
    }


def _check_condition(condition: dict[str, Any], path: str, problems: Problems) -> None:
    needs = condition["based_on"] in TRACKER_MEASURES
    if needs and condition["tracker"] is None:
        problems.add(below(path, "tracker"), "is required")
    elif not needs and condition["tracker"] is not None:
        problems.add(below(path, "tracker"), f"does not go with {condition['based_on']}")


def _check_match(value: dict[str, Any], path: str, problems: Problems) -> None:
    conditions = value["conditions"]
    match = value["match"]
    at = below(path, "match")
    if sum(condition["tracker"] is not None for condition in conditions) > MAX_TRACKER_CONDITIONS:
        problems.add(below(path, "conditions"), f"may ask for {MAX_TRACKER_CONDITIONS} trackers at most")
    if isinstance(match, int):
        if not 1 <= match <= len(conditions):
            problems.add(at, f"must be from 1 to {len(conditions)}")
    elif match not in {"all", "any"}:
        try:
            positions = frozenset[int]().union(*alternatives_of(match))
            strange = {position for position in positions if not 1 <= position <= len(conditions)}
        except ValueError as error:
            problems.add(at, f"must be all, any, a number, or an expression like (1 AND 2) OR 3; this one {error}")
        else:
            if strange:
                problems.add(at, f"there is no condition {min(strange)}")


def _check_upgrade(upgrade: dict[str, Any], path: str, problems: Problems) -> None:
    if upgrade["conditions"]:
        if single := [name for name in ("based_on", "threshold", "tracker") if upgrade[name] is not None]:
            problems.add(below(path, single[0]), "does not go with conditions")
        else:
            _check_match(upgrade, path, problems)
        return
    if upgrade["match"] != "all":
        problems.add(below(path, "match"), "needs conditions")
    for name in ("based_on", "threshold"):
        if upgrade[name] is None:
            problems.add(below(path, name), "is required")
    if upgrade["based_on"] is not None:
        _check_condition(upgrade, path, problems)


MATCH: Final = AnyOf({str: Text(500), int: Whole(1, 100)}, "must be all, any, a number, or an expression like (1 AND 2) OR 3")
UPGRADE: Final = Struct(
    {
        **_condition(UPGRADE_MEASURES, is_required=False),
        "match": optional(MATCH, "all"),
        "conditions": optional(
            ListOf(Struct(_condition(UPGRADE_MEASURES, is_required=True), _check_condition), filled=True), []
        ),
    },
    _check_upgrade,
)
RENEWAL: Final = Struct(
    {
        "match": optional(MATCH, "all"),
        "conditions": required(ListOf(Struct(_condition(RENEWAL_MEASURES, is_required=True), _check_condition), filled=True)),
    },
    _check_match,
)
VALIDITY: Final = Variants(
    "end_of",
    {
        EndOf.YEAR: {"years": optional(Whole(0, 100), 0)},
        EndOf.MONTH: {"months": optional(Whole(0, 1200), 0)},
    },
)
ON_ENTRY: Final = Struct(
    {"points": optional(POINTS), "expiry": optional(EXPIRY), "coupon_series": optional(Text(100))},
)


def _check_tier(tier: dict[str, Any], path: str, problems: Problems) -> None:
    if tier["validity"] is not None and tier["validity_months"] is not None:
        problems.add(below(path, "validity"), "does not go with validity_months")
    if tier["grace_days"] and tier["validity"] is None and tier["validity_months"] is None:
        problems.add(below(path, "grace_days"), "needs validity_months or validity")
    gift = tier["on_entry"]
    if gift is not None and gift["points"] is None:
        if gift["expiry"] is not None:
            problems.add(below(path, "on_entry.expiry"), "needs points")
        elif gift["coupon_series"] is None:
            problems.add(below(path, "on_entry"), "must give points or a coupon_series")


TIER: Final = Struct(
    {
        "name": required(Text(100)),
        "description": optional(Text(1000, lines=True), ""),
        "upgrade": optional(UPGRADE),
        "validity_months": optional(MONTHS),
        "validity": optional(VALIDITY),
        "grace_days": optional(Whole(0, 3650), 0),
        "renew": optional(RENEWAL),
        "downgrade_to": optional(OneOf(*Downgrade), Downgrade.NONE.value),
        "on_entry": optional(ON_ENTRY),
    },
    _check_tier,
)


def _check_tiers(program: dict[str, Any], path: str, problems: Problems) -> None:
    """The first tier has no upgrade, every other one has; thresholds of the same measure rise from tier to tier."""
    reached: dict[tuple[str, str | None], Any] = {}
    for number, tier in enumerate(program["tiers"]):
        at = below(path, f"tiers[{number}].upgrade")
        upgrade = tier["upgrade"]
        if number == 0:
            if upgrade is not None:
                problems.add(at, "the first tier is everybody's and has no upgrade")
        elif upgrade is None:
            problems.add(at, "is required")
        elif not upgrade["conditions"]:
            measure = (upgrade["based_on"], upgrade["tracker"])
            if measure in reached and upgrade["threshold"] <= reached[measure]:
                problems.add(below(at, "threshold"), "must be above the tier before: tiers stand lowest first")
            reached[measure] = upgrade["threshold"]


PROGRAM: Final = Struct(
    {
        "name": required(Text(100)),
        "external_id": optional(Whole(1, 999_999_999_999_999_999)),
        "description": optional(Text(1000, lines=True), ""),
        "default": optional(Flag(), default=False),
        "active": optional(Flag(), default=True),
        "bound_to": optional(
            Struct({"zones": optional(CODES, []), "concepts": optional(CODES, []), "card_series": optional(CODES, [])})
        ),
        "points_to_currency": optional(Number(6)),
        "precision": optional(Whole(0, 3), 0),
        "enrolment": optional(Struct({"points": required(POINTS), "expiry": optional(EXPIRY)})),
        "earning": optional(ListOf(RULE, key=("name",)), []),
        "birthday_field": optional(Text(100)),
        "expiry_notice_days": optional(ListOf(Whole(1, 3650), unique=True), []),
        "occasions": optional(ListOf(OCCASION, key=("name",)), []),
        "keeps_points_alive": optional(ListOf(OneOf(*Activity), unique=True, filled=True), [Activity.BILL.value]),
        "redemption": optional(
            Struct(
                {
                    "min_points": optional(POINTS),
                    "multiple_of": optional(Number(3, above_zero=True)),
                    "max_points_per_day": optional(POINTS),
                }
            )
        ),
        "returns": optional(
            Struct(
                {
                    "allow_negative": optional(Flag(), default=False),
                    "give_back_redeemed": optional(Flag(), default=False),
                }
            )
        ),
        "trackers": optional(ListOf(TRACKER, key=("name",)), []),
        "tiers": optional(ListOf(TIER, key=("name",)), []),
    },
    _check_tiers,
)
