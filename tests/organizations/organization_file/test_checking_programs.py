"""Every rule of programs and tiers in the organization file, each broken once."""

from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest

from tests.factories.organization_files import ABSENT, problems_of, small, spoil, whole
from tests.organizations.organization_file.spoilt import check_spoilt
from use_cases.organization_file import check_document

TRACKED = {"based_on": "TRACKER", "tracker": "Since", "threshold": 1}
EXPIRIES = "never, days, months, date, last_activity, rolling, anniversary, membership, field"
TRACKERS = (
    "BILL_AMOUNT, BILL_DISCOUNT, BILL_GROSS_AMOUNT, BILL_QUANTITY, "
    "LINEITEM_AMOUNT, LINEITEM_QTY, LINEITEM_COUNT, CUSTOMER_VISITS, POINTS"
)
MATCHES = "must be all, any, a number, or an expression like (1 AND 2) OR 3"
NO_DATE = "there is no extended field of type date 'city'"
AWARDS = "must be per with points, or percent, or fixed, or per_unit, or multiply"
SILVER = "programs[0].tiers[1]"

# See `check_spoilt`.
SPOILT = [
    # programs
    ("programs", "none", "", "must be a list"),
    ("programs[0].default", False, "=programs", "exactly one must be the default"),
    ("programs[3]", {"name": "Fourth", "default": True}, "default", "exactly one may be the default, and programs[0] is"),
    ("programs[1].name", "Meridian Club", "", "'Meridian Club' stands here twice"),
    ("programs[0].bound_to", {"zones": ["south"]}, "zones", "the default program is everywhere"),
    ("programs[1].bound_to", {"zones": ["east"]}, "zones[0]", "there is no zone 'east'"),
    ("programs[2].bound_to", {"zones": ["south"]}, "zones[0]", "'south' is bound to the program 'South Club' already"),
    (
        "programs[2].bound_to",
        {"concepts": ["food"]},
        "concepts",
        "the programs of an organization are bound to one kind of thing, here zones",
    ),
    (
        "programs[1].bound_to",
        {"zones": ["south"], "card_series": ["GOLD"]},
        "card_series",
        "the programs of an organization are bound to one kind of thing, here zones",
    ),
    ("programs[1].bound_to", {"stores": ["mg"]}, "stores", "unknown key"),
    ("programs[0].points_to_currency", "a quarter", "", "must be a number"),
    ("programs[0].points_to_currency", True, "", "must be a number"),
    ("programs[0].points_to_currency", -1, "", "must be at least 0"),
    ("programs[0].points_to_currency", Decimal("0.0000001"), "", "must have at most 6 decimals"),
    ("programs[0].points_to_currency", Decimal("1e300"), "", "must be below 1000000000"),
    ("programs[0].points_to_currency", 10**9, "", "must be below 1000000000"),
    ("programs[0].precision", 4, "", "must be from 0 to 3"),
    ("programs[0].precision", True, "", "must be a whole number"),
    ("programs[0].enrolment.points", ABSENT, "", "is required"),
    ("programs[0].enrolment.expiry.kind", "weeks", "", f"must be one of {EXPIRIES}"),
    ("programs[0].enrolment.expiry", {"value": 12}, "kind", f"must be one of {EXPIRIES}"),
    ("programs[0].enrolment.expiry", {"kind": ["days"]}, "kind", f"must be one of {EXPIRIES}"),
    ("programs[0].enrolment.expiry", "never", "", "must be a mapping"),
    ("programs[0].enrolment.expiry.value", ABSENT, "", "is required"),
    ("programs[0].enrolment.expiry.value", 0, "", "must be from 1 to 1200"),
    ("programs[0].enrolment.expiry", {"kind": "never", "value": 1}, "value", "unknown key"),
    ("programs[0].earning[1].expiry.value", "2027-12-31", "", "must be a date, YYYY-MM-DD without quotes"),
    ("programs[0].earning[4].expiry.name", "birthday", "", "there is no extended field of type date 'birthday'"),
    ("programs[0].earning[4].expiry.name", "city", "", "there is no extended field of type date 'city'"),
    ("programs[0].earning[1].name", "base", "", "'base' stands here twice"),
    ("programs[0].earning[0].when.stores[0]", "nowhere", "", "there is no store 'nowhere'"),
    ("programs[0].earning[0].when.zones[0]", "nowhere", "", "there is no zone 'nowhere'"),
    ("programs[0].earning[0].when.concepts[0]", "nothing", "", "there is no concept 'nothing'"),
    ("programs[0].earning[0].when.tiers[0]", "Wood", "", "there is no tier 'Wood'"),
    ("programs[0].earning[0].when.weekdays[0]", "monday", "", "must be one of mon, tue, wed, thu, fri, sat, sun"),
    ("programs[0].earning[0].when.until", date(2025, 1, 1), "", "must not be before from"),
    ("programs[0].earning[0].award", {"per": 100}, "", AWARDS),
    ("programs[0].earning[0].award", {}, "", AWARDS),
    ("programs[0].earning[0].award", {"percent": 1, "fixed": 2}, "", AWARDS),
    ("programs[0].earning[0].award", {"percent": 1, "of": ["base"]}, "", AWARDS),
    ("programs[0].earning[0].award.per", 0, "", "must be above 0"),
    ("programs[0].earning[10].award.multiply", 1, "", "must be above 1"),
    ("programs[0].earning[10].award.of[0]", "nobody", "", "there is no rule that gives points by itself 'nobody'"),
    ("programs[0].earning[10].award.of[0]", "more", "", "there is no rule that gives points by itself 'more'"),
    ("programs[0].earning[11].when", {"items": {"include": ["A"]}}, "items", "does not go with multiply"),
    ("programs[0].earning[11].when", {"attributes": {"a": ["b"]}}, "attributes", "does not go with multiply"),
    ("programs[0].earning[8].when.attributes.season", [], "", "must not be empty"),
    ("programs[0].earning[8].when.birthday", "week", "", "must be one of month, day"),
    ("programs[0].earning[8].when.segments[0].segment", "nothing", "", "there is no segment 'nothing'"),
    ("programs[0].earning[8].when.segments[0].partition", "middle", "", "there is no partition of 'spend-band' 'middle'"),
    ("programs[0].occasions[0].on", "wedding", "", "must be one of birthday, anniversary, profile_complete"),
    ("programs[0].occasions[0].fields", ["dob"], "", "does not go with birthday"),
    ("programs[0].occasions[2].fields", ABSENT, "", "is required"),
    ("programs[0].occasions[2].fields[0]", "shoe size", "", "there is no custom or extended field 'shoe size'"),
    ("programs[0].occasions[0].award", {"fixed": 1, "percent": 5}, "percent", "unknown key"),
    ("programs[0].occasions[0].expiry", {"kind": "field", "name": "city"}, "name", NO_DATE),
    ("programs[0].expiry_notice_days", [0], "=programs[0].expiry_notice_days[0]", "must be from 1 to 3650"),
    ("programs[0].keeps_points_alive", [], "", "must not be empty"),
    ("programs[0].keeps_points_alive[0]", "breathing", "", "must be one of bill, redemption, award"),
    ("programs[0].birthday_field", "nothing", "", "there is no field of type date 'nothing'"),
    ("programs[0].birthday_field", "city", "", "there is no field of type date 'city'"),
    ("programs[0].earning[0].award.points", Decimal("5.1234"), "", "must have at most 3 decimals"),
    ("programs[0].earning[0].award", ABSENT, "", "is required"),
    ("programs[0].earning[0].kind", "special", "", "must be one of regular, promotional"),
    ("programs[0].earning[0].delay_days", -1, "", "must be from 0 to 3650"),
    ("programs[0].redemption.minimum", 1, "", "unknown key"),
    ("programs[0].returns.allow_negative", "no", "", "must be true or false"),
    ("programs[0].trackers[1].name", "Two years", "", "'Two years' stands here twice"),
    ("programs[0].trackers[0].type", "ALTERNATE_CURRENCIES", "", f"must be one of {TRACKERS}"),
    (
        "programs[0].trackers[0].mode",
        "WINDOW",
        "",
        "must be one of MOVING_WINDOW, CYCLIC_WINDOW, CALENDAR_BASED_CYCLIC_WINDOW, TIER_CHANGE_WINDOW",
    ),
    ("programs[0].trackers[0].days", ABSENT, "", "is required"),
    ("programs[0].trackers[1].days", 90, "", "unknown key"),
    ("programs[0].trackers[2].period", "week", "", "must be one of month, quarter, year"),
    ("programs[0].trackers[3].days", 1, "", "unknown key"),
    # tiers
    (
        "programs[0].tiers[0].upgrade",
        {"based_on": "LIFETIME_POINTS", "threshold": 1},
        "",
        "the first tier is everybody's and has no upgrade",
    ),
    (f"{SILVER}.upgrade", ABSENT, "", "is required"),
    (f"{SILVER}.upgrade.threshold", "a lot", "", "must be a number"),
    (f"{SILVER}.upgrade.threshold", ABSENT, "", "is required"),
    (f"{SILVER}.upgrade.based_on", ABSENT, "", "is required"),
    (
        f"{SILVER}.upgrade.based_on",
        "VISITS",
        "",
        "must be one of CUMULATIVE_PURCHASES, LIFETIME_POINTS, CURRENT_POINTS, TRACKER_VALUE_BASED",
    ),
    (f"{SILVER}.upgrade.tracker", "Two years", "", "does not go with CUMULATIVE_PURCHASES"),
    (f"{SILVER}.upgrade.match", "any", "", "needs conditions"),
    (
        f"{SILVER}.upgrade.threshold",
        60_000,
        "=programs[0].tiers[2].upgrade.threshold",
        "must be above the tier before: tiers stand lowest first",
    ),
    ("programs[0].tiers[3].upgrade.tracker", ABSENT, "", "is required"),
    ("programs[0].tiers[3].upgrade.tracker", "Nothing", "", "there is no tracker 'Nothing'"),
    ("programs[0].tiers[4].upgrade.based_on", "LIFETIME_POINTS", "", "does not go with conditions"),
    ("programs[0].tiers[4].upgrade.conditions[1].tracker", "Nothing", "", "there is no tracker 'Nothing'"),
    ("programs[0].tiers[4].upgrade.conditions[0].threshold", ABSENT, "", "is required"),
    ("programs[0].tiers[4].upgrade.conditions", [], "", "must not be empty"),
    ("programs[0].tiers[4].upgrade.match", 3, "", "must be from 1 to 2"),
    ("programs[0].tiers[2].name", "Silver", "", "'Silver' stands here twice"),
    (f"{SILVER}.validity_months", 0, "", "must be from 1 to 1200"),
    (f"{SILVER}.downgrade_to", "Bronze", "", "must be one of previous, lowest, none, fitting"),
    (f"{SILVER}.validity", {"end_of": "year"}, "", "does not go with validity_months"),
    (f"{SILVER}.validity", {"end_of": "week"}, "end_of", "must be one of year, month"),
    ("programs[0].tiers[0].grace_days", 30, "", "needs validity_months or validity"),
    (f"{SILVER}.on_entry", {}, "", "must give points or a coupon_series"),
    (f"{SILVER}.on_entry", {"coupon_series": "NONE"}, "coupon_series", "there is no coupon series 'NONE'"),
    (f"{SILVER}.on_entry", {"coupon_series": "WELCOME10", "expiry": {"kind": "never"}}, "expiry", "needs points"),
    (
        f"{SILVER}.on_entry",
        {"points": 5, "expiry": {"kind": "field", "name": "nothing"}},
        "expiry.name",
        "there is no extended field of type date 'nothing'",
    ),
    (f"{SILVER}.renew", {"conditions": []}, "conditions", "must not be empty"),
    (f"{SILVER}.renew.conditions", ABSENT, "", "is required"),
    (f"{SILVER}.renew.conditions[0].based_on", "CUMULATIVE_PURCHASES", "", "must be one of PURCHASE, VISITS, POINTS, TRACKER"),
    (f"{SILVER}.renew.conditions[0].tracker", "Since", "", "does not go with PURCHASE"),
    (f"{SILVER}.renew.conditions[0].based_on", "TRACKER", f"={SILVER}.renew.conditions[0].tracker", "is required"),
    (
        f"{SILVER}.renew",
        {"conditions": [{**TRACKED, "tracker": "Nothing"}]},
        "conditions[0].tracker",
        "there is no tracker 'Nothing'",
    ),
    (f"{SILVER}.renew", {"conditions": [TRACKED] * 4}, "conditions", "may ask for 3 trackers at most"),
    (f"{SILVER}.renew.match", "some", "", f"{MATCHES}; this one cannot be read from 'some' on"),
    (f"{SILVER}.renew.match", "1 OR 3", "", "there is no condition 3"),
    (f"{SILVER}.renew.match", "0 OR 1", "", "there is no condition 0"),
    (f"{SILVER}.renew.match", 3, "", "must be from 1 to 2"),
    (f"{SILVER}.renew.match", 0, "", "must be from 1 to 100"),
    (f"{SILVER}.renew.match", ["all"], "", MATCHES),
    (f"{SILVER}.renew.match", True, "", MATCHES),
]


@pytest.mark.parametrize(("path", "value", "where", "message"), SPOILT, ids=[row[0] for row in SPOILT])
def test_each_rule_is_named_with_its_path(path: str, value: object, where: str, message: str) -> None:
    check_spoilt(path, value, where, message)


def test_an_organization_without_programs_is_right() -> None:
    document = small()
    document["programs"] = []
    assert problems_of(document) == {}


def test_equal_thresholds_of_different_measures_are_allowed() -> None:
    document = whole()
    tiers = document["programs"][0]["tiers"]
    tiers[2]["upgrade"] = {"based_on": "CURRENT_POINTS", "threshold": 5}
    tiers.append(deepcopy(tiers[3]) | {"name": "Higher", "upgrade": {"based_on": "CURRENT_POINTS", "threshold": 6}})
    assert problems_of(document) == {}


def test_a_shared_value_may_occur_several_times() -> None:
    content = b"""
    organization: {code: shared, name: Shared}
    programs:
      - {name: Club, default: true, enrolment: {points: 1, expiry: &year {kind: months, value: 12}},
         earning: [{name: base, award: {fixed: 1}, expiry: *year}]}
    """
    program = check_document(content, environment={})["programs"][0]
    assert program["earning"][0]["expiry"] == program["enrolment"]["expiry"] == {"kind": "months", "value": 12}


def test_birthdays_need_the_field_that_has_them() -> None:
    document = whole()
    spoil(document, "programs[0].birthday_field", ABSENT)
    assert problems_of(document, {"EMPTY": ""}) == {
        "programs[0].earning[8].when.birthday": "needs the birthday_field of the program",
        "programs[0].occasions[0].on": "needs the birthday_field of the program",
    }
