"""Typed rules of a program, read from the stored JSON of a version."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engagement.programs.earning_rules import AwardRule, FixedAward, Multiplier, PercentAward, RateAward, UnitAward
from engagement.programs.expiry_rules import NEVER, ExpiryKind, ExpiryRule
from engagement.programs.organization_file import rules_of
from engagement.programs.rules import EntryGift, ProgramRules, TierConditions, TrackerMode, TrackerRule, Validity
from tests.factories.organization_files import check, whole

RULE = {"name": "base", "award": {"fixed": 1}}
TIER: dict[str, Any] = {"name": "Gold"}
EXPIRIES: list[dict[str, Any]] = [
    {"kind": "days", "value": 90},
    {"kind": "months", "value": 18},
    {"kind": "date", "value": "2027-12-31"},
    {"kind": "last_activity", "value": 12},
    {"kind": "rolling", "value": 6},
    {"kind": "anniversary", "value": 2},
    {"kind": "membership"},
    {"kind": "field", "name": "dob"},
    {"kind": "field", "name": "dob", "value": 14},
]
WHEN = {
    "min_amount": 50.5,
    "stores": ["blr"],
    "zones": ["south"],
    "concepts": ["food", "fashion"],
    "tiers": ["Gold"],
    "weekdays": ["sat", "sun"],
    "from": "2026-01-01",
    "until": "2026-12-31",
    "items": {"include": ["SHOE-1"], "exclude": ["GIFT"]},
    "attributes": {"category": ["shoes", "boots"]},
    "birthday": "month",
    "segments": [{"segment": "spend", "partition": "high"}],
}
SHAPES: list[dict[str, Any]] = [
    {},
    {"points_to_currency": 0.01, "precision": 3},
    {"enrolment": {"points": 50}},
    *({"enrolment": {"points": 2.5, "expiry": expiry}} for expiry in EXPIRIES),
    *({"earning": [{**RULE, "expiry": expiry}]} for expiry in EXPIRIES),
    *({"earning": [{**RULE, "when": {name: value}}]} for name, value in WHEN.items()),
    {"earning": [{**RULE, "when": WHEN, "kind": "promotional", "delay_days": 14, "max_points": 500.5}, RULE]},
    {"earning": [{"name": "rate", "award": {"per": 100, "points": 0.5}}, {"name": "share", "award": {"percent": 2.5}}]},
    {"earning": [{"name": "unit", "award": {"per_unit": 3}}, {"name": "of", "award": {"multiply": 1.5, "of": ["unit"]}}]},
    {"earning": [{**RULE, "group": "g", "max_points_per_day": 10, "max_points_per_month": 100}], "birthday_field": "dob"},
    {"redemption": {"min_points": 200, "multiple_of": 0.5, "max_points_per_day": 20000}},
    {"returns": {"allow_negative": True}},
    {"returns": {"give_back_redeemed": True}},
    {"occasions": [{"name": "gift", "on": "anniversary", "award": {"fixed": 5}, "expiry": {"kind": "days", "value": 30}}]},
    {"occasions": [{"name": "full", "on": "profile_complete", "fields": ["dob", "city"], "award": {"fixed": 5}}]},
    {"expiry_notice_days": [30, 7]},
    {"keeps_points_alive": ["redemption", "award"]},
    {"trackers": [{"name": "a", "type": "POINTS", "mode": "MOVING_WINDOW", "days": 30}]},
    {"trackers": [{"name": "b", "type": "BILL_AMOUNT", "mode": "CYCLIC_WINDOW", "every_days": 90, "from": "2026-01-01"}]},
    {"trackers": [{"name": "c", "type": "LINEITEM_QTY", "mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "quarter"}]},
    {"trackers": [{"name": "d", "type": "CUSTOMER_VISITS", "mode": "TIER_CHANGE_WINDOW"}]},
    {"tiers": [TIER, {**TIER, "description": "The best", "validity_months": 12, "downgrade_to": "previous"}]},
    {"tiers": [{**TIER, "validity_months": 12, "grace_days": 30, "downgrade_to": "fitting"}]},
    {"tiers": [{**TIER, "validity": {"end_of": "year", "years": 1}}, {**TIER, "validity": {"end_of": "month"}}]},
    {"tiers": [{**TIER, "on_entry": {"points": 100, "expiry": {"kind": "days", "value": 30}, "coupon_series": "WELCOME10"}}]},
    {"tiers": [{**TIER, "upgrade": {"based_on": "LIFETIME_POINTS", "threshold": 1000.5}}]},
    {"tiers": [{**TIER, "upgrade": {"based_on": "TRACKER_VALUE_BASED", "threshold": 4, "tracker": "a"}}]},
    *(
        {
            "tiers": [
                {
                    **TIER,
                    "upgrade": {
                        **match,
                        "conditions": [
                            {"based_on": "CURRENT_POINTS", "threshold": 5},
                            {"based_on": "CUMULATIVE_PURCHASES", "threshold": 10},
                        ],
                    },
                    "renew": {
                        **match,
                        "conditions": [
                            {"based_on": "TRACKER", "threshold": 5, "tracker": "a"},
                            {"based_on": "VISITS", "threshold": 8},
                        ],
                    },
                }
            ]
        }
        for match in ({}, {"match": "any"}, {"match": 1}, {"match": "1 AND 2"})
    ),
]


def as_stored(rules: ProgramRules) -> dict[str, Any]:
    """The JSON that a version of these rules stores."""
    return _without_defaults(
        points_to_currency=rules.points_to_currency,
        precision=rules.precision or None,
        enrolment=rules.enrolment and _without_defaults(points=rules.enrolment.points, expiry=_expiry(rules.enrolment.expiry)),
        earning=[
            _without_defaults(
                name=rule.name,
                award=_award(rule.award),
                when={
                    **_without_defaults(
                        min_amount=rule.conditions.min_amount,
                        stores=list(rule.conditions.stores),
                        zones=list(rule.conditions.zones),
                        concepts=list(rule.conditions.concepts),
                        tiers=list(rule.conditions.tiers),
                        weekdays=list(rule.conditions.weekdays),
                        until=rule.conditions.last_day,
                        items=_without_defaults(
                            include=list(rule.conditions.lines.include), exclude=list(rule.conditions.lines.exclude)
                        ),
                        attributes={name: list(values) for name, values in rule.conditions.lines.attributes},
                        birthday=rule.conditions.birthday,
                        segments=[part._asdict() for part in rule.conditions.segments],
                    ),
                    **({"from": rule.conditions.first_day.isoformat()} if rule.conditions.first_day else {}),
                },
                kind=rule.kind if rule.kind != "regular" else None,
                delay_days=rule.delay_days or None,
                expiry=_expiry(rule.expiry),
                group=rule.group,
                max_points=rule.max_points,
                max_points_per_day=rule.max_points_per_day,
                max_points_per_month=rule.max_points_per_month,
            )
            for rule in rules.earning
        ],
        redemption=_without_defaults(
            min_points=rules.redemption.min_points,
            multiple_of=rules.redemption.multiple_of,
            max_points_per_day=rules.redemption.max_points_per_day,
        ),
        returns=_without_defaults(
            allow_negative=rules.allow_negative or None, give_back_redeemed=rules.give_back_redeemed or None
        ),
        trackers=[_tracker(rule) for rule in rules.trackers],
        tiers=[
            _without_defaults(
                name=tier.name,
                description=tier.description,
                upgrade=_conditions(tier.upgrade),
                **_validity(tier.validity),
                grace_days=tier.grace_days or None,
                renew=_conditions(tier.renew),
                downgrade_to=tier.downgrade_to if tier.downgrade_to != "none" else None,
                on_entry=_gift(tier.on_entry),
            )
            for tier in rules.tiers
        ],
        birthday_field=rules.birthday_field,
        expiry_notice_days=list(rules.expiry_notice_days),
        occasions=[
            _without_defaults(
                name=rule.name,
                on=rule.kind,
                fields=list(rule.fields),
                award={"fixed": _plain(rule.points)},
                expiry=_expiry(rule.expiry),
            )
            for rule in rules.occasions
        ],
        keeps_points_alive=list(rules.keeps_points_alive) if rules.keeps_points_alive != ("bill",) else None,
    )


def _validity(validity: Validity | None) -> dict[str, Any]:
    if validity is None:
        return {}
    if validity.end_of is None:
        return {"validity_months": validity.number}
    return {"validity": _without_defaults(end_of=validity.end_of, **{f"{validity.end_of}s": validity.number or None})}


def _gift(gift: EntryGift | None) -> dict[str, Any] | None:
    if gift is None:
        return None
    expiry = _expiry(gift.expiry) if gift.expiry else None
    return _without_defaults(points=gift.points or None, expiry=expiry, coupon_series=gift.coupon_series)


def _without_defaults(**values: Any) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items() if value not in (None, "", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _award(award: AwardRule) -> dict[str, Any]:
    match award:
        case FixedAward():
            return _without_defaults(fixed=award.points)
        case PercentAward():
            return _without_defaults(percent=award.percent)
        case RateAward():
            return _without_defaults(per=award.per, points=award.points)
        case UnitAward():
            return _without_defaults(per_unit=award.points)
        case Multiplier():
            return _without_defaults(multiply=award.times, of=list(award.of))


def _expiry(rule: ExpiryRule) -> dict[str, Any] | None:
    if rule == NEVER:
        return None
    return _without_defaults(kind=rule.kind, value=rule.day or rule.number or None, name=rule.field)


def _tracker(rule: TrackerRule) -> dict[str, Any]:
    days = "days" if rule.mode == TrackerMode.MOVING else "every_days"
    stored = _without_defaults(name=rule.name, type=rule.type, mode=rule.mode, period=rule.period)
    return {**stored, **_without_defaults(**{days: rule.days or None, "from": rule.start})}


def _conditions(asked: TierConditions | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    conditions = [
        _without_defaults(based_on=condition.measure, threshold=condition.threshold, tracker=condition.tracker)
        for condition in asked.conditions
    ]
    if len(conditions) == 1:
        return conditions[0]
    return _without_defaults(match=asked.match if asked.match != "all" else None, conditions=conditions)


@pytest.mark.parametrize("stored", SHAPES)
def test_typed_rules_lose_nothing_of_the_stored_json(stored: dict[str, Any]) -> None:
    assert as_stored(ProgramRules.from_json(stored)) == stored


def test_typed_rules_lose_nothing_of_the_sample_file() -> None:
    for program in check(whole())["programs"]:
        rules = ProgramRules.from_json(rules_of(program))
        # The sample names an expiry of kind "never", which is the default.
        assert ProgramRules.from_json(as_stored(rules)) == rules


def test_numbers_are_exact() -> None:
    rules = ProgramRules.from_json(
        {"points_to_currency": 0.1, "earning": [{"name": "a", "award": {"per": 0.3, "points": 1e-3}}]}
    )
    assert rules.ratio == Decimal("0.1")
    assert rules.earning[0].award == RateAward(per=Decimal("0.3"), points=Decimal("0.001"))


def test_a_point_is_worth_nothing_without_a_rate() -> None:
    assert ProgramRules().ratio == 0


def test_the_default_expiry_is_that_of_the_first_earning_rule() -> None:
    days = ExpiryRule(kind=ExpiryKind.DAYS, number=9)
    stored = {"earning": [{**RULE, "expiry": {"kind": "days", "value": 9}}, {**RULE, "expiry": {"kind": "membership"}}]}
    assert ProgramRules.from_json(stored).default_expiry == days
    assert ProgramRules().default_expiry == NEVER
    assert ExpiryRule.from_json({"kind": "never"}) == NEVER


@pytest.mark.parametrize(
    ("stored", "reads"),
    [
        ({}, False),
        ({"earning": [RULE, {**RULE, "expiry": {"kind": "field", "name": "dob"}}]}, True),
        ({"enrolment": {"points": 1, "expiry": {"kind": "field", "name": "dob"}}}, True),
        ({"enrolment": {"points": 1, "expiry": {"kind": "days", "value": 1}}}, False),
    ],
)
def test_expiry_by_a_field_reads_customer_fields(stored: dict[str, Any], reads: bool) -> None:  # noqa: FBT001
    assert ProgramRules.from_json(stored).reads_customer_fields is reads


def test_the_rule_of_a_tier_has_its_name() -> None:
    rules = ProgramRules.from_json({"tiers": [{"name": "Silver", "validity_months": 12}, TIER]})
    silver = rules.tier("Silver")
    assert silver is not None
    assert silver.validity == Validity(number=12)
    assert rules.tier("Bronze") is None


@pytest.mark.parametrize(
    ("stored", "start", "last_day", "next_last_day"),
    [
        ({"validity_months": 12}, date(2026, 3, 5), date(2027, 3, 5), date(2028, 3, 5)),
        ({"validity_months": 12}, date(2024, 2, 29), date(2025, 2, 28), date(2026, 2, 28)),
        ({"validity": {"end_of": "year", "years": 1}}, date(2026, 3, 5), date(2027, 12, 31), date(2028, 12, 31)),
        ({"validity": {"end_of": "year"}}, date(2026, 3, 5), date(2026, 12, 31), date(2027, 12, 31)),
        ({"validity": {"end_of": "month", "months": 2}}, date(2023, 12, 31), date(2024, 2, 29), date(2024, 4, 30)),
        ({"validity": {"end_of": "month"}}, date(2026, 1, 31), date(2026, 1, 31), date(2026, 2, 28)),
    ],
)
def test_a_validity_ends_on_a_day(stored: dict[str, Any], start: date, last_day: date, next_last_day: date) -> None:
    validity = Validity.from_json(stored)
    assert validity is not None
    assert (validity.last_day(start), validity.next_last_day(last_day)) == (last_day, next_last_day)


@pytest.mark.parametrize(("tiers", "lowers"), [([], False), (["none", "none"], False), (["none", "lowest"], True)])
def test_a_program_may_lower_if_any_tier_may_be_lost(tiers: list[str], lowers: bool) -> None:  # noqa: FBT001
    rules = ProgramRules.from_json({"tiers": [{"name": str(number), "downgrade_to": to} for number, to in enumerate(tiers)]})
    assert rules.may_lower is lowers
