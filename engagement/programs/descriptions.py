"""Rules of a program in plain sentences, for the back office (docs/organization-file.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from engagement.numbers.display import format_money, format_points
from engagement.programs.earning_rules import (
    AwardRule,
    Birthday,
    EarningKind,
    EarningRule,
    FixedAward,
    LineConditions,
    Multiplier,
    PercentAward,
    RateAward,
    SaleConditions,
    UnitAward,
    Weekday,
)
from engagement.programs.expiry_rules import Activity, ExpiryKind, ExpiryRule
from engagement.programs.occasion_rules import OccasionKind
from engagement.programs.rules import (
    Downgrade,
    ProgramRules,
    TierCondition,
    TierConditions,
    TierMeasure,
    TierRule,
    TrackerMode,
    TrackerRule,
    Validity,
)

_WEEKDAYS: Final[Mapping[Weekday, str]] = {
    Weekday.MONDAY: "Mondays",
    Weekday.TUESDAY: "Tuesdays",
    Weekday.WEDNESDAY: "Wednesdays",
    Weekday.THURSDAY: "Thursdays",
    Weekday.FRIDAY: "Fridays",
    Weekday.SATURDAY: "Saturdays",
    Weekday.SUNDAY: "Sundays",
}
_MEASURES: Final[Mapping[TierMeasure, str]] = {
    TierMeasure.CUMULATIVE_PURCHASES: "purchases of {} in all",
    TierMeasure.LIFETIME_POINTS: "{} earned in all",
    TierMeasure.CURRENT_POINTS: "{} at once",
    TierMeasure.TRACKER_VALUE_BASED: "{} by the tracker {}",
    TierMeasure.PURCHASE: "purchases of {}",
    TierMeasure.VISITS: "{}",
    TierMeasure.POINTS: "{} earned",
    TierMeasure.TRACKER: "{} by the tracker {}",
}
_MONEY: Final = {TierMeasure.CUMULATIVE_PURCHASES, TierMeasure.PURCHASE}
_COUNTED: Final = {
    TierMeasure.LIFETIME_POINTS: "point",
    TierMeasure.CURRENT_POINTS: "point",
    TierMeasure.VISITS: "visit",
    TierMeasure.POINTS: "point",
}
_EXPIRIES: Final[Mapping[ExpiryKind, str]] = {
    ExpiryKind.NEVER: "they never expire",
    ExpiryKind.DAYS: "they expire {days} later",
    ExpiryKind.MONTHS: "they expire at the end of the month, {months} later",
    ExpiryKind.DATE: "they expire after {day}",
    ExpiryKind.LAST_ACTIVITY: "they expire {months} after the last {activity}",
    ExpiryKind.ROLLING: "they expire {months} after the last earning",
    ExpiryKind.ANNIVERSARY: "they expire on anniversary {number} of the registration",
    ExpiryKind.MEMBERSHIP: "they expire with the tier",
    ExpiryKind.FIELD: "they expire on the date in the field {field}",
}
_DOWNGRADES: Final[Mapping[Downgrade, str]] = {
    Downgrade.PREVIOUS: "back to the tier below",
    Downgrade.LOWEST: "back to the first tier",
    Downgrade.FITTING: "down to the tier that the purchases of that time reach",
}


_OCCASIONS: Final[Mapping[OccasionKind, str]] = {
    OccasionKind.BIRTHDAY: "on every birthday",
    OccasionKind.ANNIVERSARY: "on every anniversary of the registration",
    OccasionKind.PROFILE_COMPLETE: "once the profile has {}",
}


@dataclass(frozen=True, slots=True)
class Description:
    """One rule in words: its name and its sentences."""

    name: str
    sentences: Sequence[str]


def describe_enrolment(rules: ProgramRules) -> str:
    """Points for joining; "" if there are none."""
    rule = rules.enrolment
    expiry = describe_expiry(rule.expiry, alive_by=rules.keeps_points_alive) if rule else ""
    return f"{_points(rule.points)} on joining; {expiry}." if rule else ""


def describe_occasions(rules: ProgramRules) -> list[Description]:
    """Awards without a bill: when, how many points, and how long they last."""
    return [
        Description(
            rule.name,
            [
                f"{_points(rule.points)} {_OCCASIONS[rule.kind].format(_listed(rule.fields, 'and') if rule.fields else '')}.",
                _sentence(describe_expiry(rule.expiry, alive_by=rules.keeps_points_alive)),
            ],
        )
        for rule in rules.occasions
    ]


def describe_earning(rules: ProgramRules) -> list[Description]:
    """Earning rules, in the order in which they are applied."""
    return [Description(rule.name, list(_earning_sentences(rule, rules.keeps_points_alive))) for rule in rules.earning]


def _earning_sentences(rule: EarningRule, alive_by: Sequence[Activity]) -> Iterator[str]:
    kind = "promotional " if rule.kind == EarningKind.PROMOTIONAL else ""
    yield f"{_award(rule.award, kind)}{_conditions(rule.conditions)}."
    if rule.delay_days:
        yield f"Promised first; theirs to spend {_many(rule.delay_days, 'day')} later."
    yield _sentence(describe_expiry(rule.expiry, alive_by=alive_by))
    for cap, words in (
        (rule.max_points, "for one bill"),
        (rule.max_points_per_day, "on one day"),
        (rule.max_points_per_month, "in one month"),
    ):
        if cap is not None:
            yield f"At most {format_points(cap)} {words}."
    if rule.group:
        yield f"Of the rules in the group {rule.group} only the one that gives most counts."


def _award(award: AwardRule, kind: str) -> str:
    match award:
        case FixedAward(points=points):
            return f"{format_points(points)} {kind}points for each bill"
        case PercentAward(percent=percent):
            return f"{format_points(percent)} % of the amount as {kind}points"
        case RateAward(points=points, per=per):
            return f"{_points(points, kind)} for every {format_points(per)} spent"
        case UnitAward(points=points):
            return f"{_points(points, kind)} for each unit"
        case Multiplier(times=times, of=names):
            whose = f"the rules {_listed(names, 'and')}" if names else "the other rules"
            return f"{format_points(times)} times the regular points of {whose}{', as promotional points' if kind else ''}"


def _conditions(conditions: SaleConditions) -> str:
    parts = []
    lines = _lines(conditions.lines)
    if lines:
        parts.append(lines)
    if conditions.min_amount is not None:
        parts.append(f"on {'lines' if lines else 'bills'} of {format_money(conditions.min_amount)} or more")
    parts += [
        f"{words} {_listed(names, 'or')}"
        for words, names in (
            ("at", conditions.stores),
            ("in the zone", conditions.zones),
            ("in the concept", conditions.concepts),
            ("for the tier", conditions.tiers),
        )
        if names
    ]
    if conditions.weekdays:
        parts.append(f"on {_listed([_WEEKDAYS[day] for day in conditions.weekdays], 'and')}")
    if conditions.first_day:
        parts.append(f"from {conditions.first_day}")
    if conditions.last_day:
        parts.append(f"until {conditions.last_day}")
    if conditions.birthday:
        parts.append("in the month of the birthday" if conditions.birthday == Birthday.MONTH else "on the birthday")
    if conditions.segments:
        parts.append(f"for the segment {_listed([f'{segment} {part}' for segment, part in conditions.segments], 'or')}")
    return f" {', '.join(parts)}" if parts else ""


def _lines(conditions: LineConditions) -> str:
    """The lines of a bill that a rule looks at; "" for all of them."""
    parts = [f"for the items {_listed(conditions.include, 'and')}"] if conditions.include else []
    if conditions.exclude:
        parts.append(f"{'except' if parts else 'for all items except'} {_listed(conditions.exclude, 'and')}")
    parts += [f"for lines with {name} {_listed(values, 'or')}" for name, values in conditions.attributes]
    return " ".join(parts)


def describe_expiry(rule: ExpiryRule, *, alive_by: Sequence[Activity] = (Activity.BILL,)) -> str:
    """When points expire, as the end of a sentence. `alive_by` is what keeps points alive that expire after an activity."""
    days, months = _many(rule.number, "day"), _many(rule.number, "month")
    text = _EXPIRIES[rule.kind].format(
        day=rule.day, days=days, months=months, number=rule.number, field=rule.field, activity=_listed(alive_by, "or")
    )
    return f"{text}, {days} later" if rule.kind == ExpiryKind.FIELD and rule.number else text


def describe_tiers(rules: ProgramRules) -> list[Description]:
    """Tiers, lowest first: how each is reached, how long it lasts, how it is kept."""
    return [Description(tier.name, list(_tier_sentences(tier))) for tier in rules.tiers]


def _tier_sentences(tier: TierRule) -> Iterator[str]:
    yield f"Reached by {describe_conditions(tier.upgrade)}." if tier.upgrade else "Everybody starts here."
    yield f"Lasts {_validity(tier.validity)}." if tier.validity else "Lasts for ever."
    if tier.validity and tier.downgrade_to == Downgrade.NONE:
        yield "It is never lost."
    elif tier.validity and tier.renew:
        yield f"Kept by {describe_conditions(tier.renew)} meanwhile; else {_DOWNGRADES[tier.downgrade_to]}."
    elif tier.validity:
        yield f"Not renewed; {_DOWNGRADES[tier.downgrade_to]} afterwards."
    if tier.grace_days:
        yield f"A renewal may come {_many(tier.grace_days, 'day')} later."
    if tier.on_entry and tier.on_entry.points:
        yield f"{_points(tier.on_entry.points)} on reaching it."
    if tier.on_entry and tier.on_entry.coupon_series:
        yield f"A coupon of the series {tier.on_entry.coupon_series} on reaching it."


def _validity(validity: Validity) -> str:
    if validity.end_of is None:
        return _many(validity.number, "month")
    if not validity.number:
        return f"until the end of the {validity.end_of}"
    return f"until the end of the {validity.end_of}, {_many(validity.number, validity.end_of)} later"


def describe_conditions(asked: TierConditions) -> str:
    """What an upgrade or a renewal asks for, as the end of a sentence."""
    conditions = [_condition(condition) for condition in asked.conditions]
    match asked.match:
        case "all":
            return _listed(conditions, "and")
        case "any":
            return _listed(conditions, "or")
        case int() as number:
            return f"{number} of: {'; '.join(conditions)}"
        case expression:
            numbered = "; ".join(f"({number}) {condition}" for number, condition in enumerate(conditions, start=1))
            return f"{expression}, where {numbered}"


def _condition(condition: TierCondition) -> str:
    return describe_measure(condition.measure, condition.threshold, condition.tracker)


def describe_measure(measure: TierMeasure, value: Decimal, tracker: str = "") -> str:
    """A figure that decides about a tier: "purchases of 1,000.00 in all"."""
    figure = format_money(value) if measure in _MONEY else format_points(value)
    if measure in _COUNTED:
        figure = f"{figure} {_COUNTED[measure]}{'' if value == 1 else 's'}"
    return _MEASURES[measure].format(figure, tracker)


def describe_redemption(rules: ProgramRules, *, currency: str) -> list[str]:
    """Limits of spending, and what a point is worth."""
    limits = rules.redemption
    sentences = [
        text.format(format_points(points))
        for text, points in (
            ("At least {} points at a time.", limits.min_points),
            ("In steps of {} points.", limits.multiple_of),
            ("At most {} points a day.", limits.max_points_per_day),
        )
        if points is not None
    ]
    if rules.points_to_currency is not None:
        sentences.append(f"A point is worth {format_points(rules.points_to_currency)} {currency}.")
    return sentences or ["No limits."]


def describe_returns(rules: ProgramRules) -> str:
    """What happens to the points of a bill that is returned."""
    limit = "below zero where it is spent already" if rules.allow_negative else "never below zero"
    given = " Points that were redeemed on it are given back." if rules.give_back_redeemed else ""
    return f"What a bill brought is taken back when it is returned, {limit}.{given}"


def describe_trackers(rules: ProgramRules) -> list[Description]:
    """Trackers: what each counts, over which time."""
    return [Description(tracker.name, [_tracker(tracker)]) for tracker in rules.trackers]


def _tracker(tracker: TrackerRule) -> str:
    counted = tracker.type.replace("_", " ").lower().replace("lineitem", "line item").replace("qty", "quantity")
    match tracker.mode:
        case TrackerMode.MOVING:
            window = f"over the last {_many(tracker.days, 'day')}"
        case TrackerMode.CYCLIC:
            window = f"anew every {_many(tracker.days, 'day')} from {tracker.start}"
        case TrackerMode.CALENDAR:
            window = f"anew every {tracker.period}"
        case TrackerMode.TIER_CHANGE:
            window = "anew with every change of the tier"
    return f"Counts {counted} {window}."


def _points(points: Decimal, kind: str = "") -> str:
    return f"{format_points(points)} {kind}{'point' if points == 1 else 'points'}"


def _many(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
