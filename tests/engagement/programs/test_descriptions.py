"""What the rules of a program say in sentences."""

from typing import Any

import pytest

from engagement.programs.descriptions import (
    describe_earning,
    describe_enrolment,
    describe_expiry,
    describe_occasions,
    describe_redemption,
    describe_returns,
    describe_tiers,
    describe_trackers,
)
from engagement.programs.expiry_rules import ExpiryRule
from engagement.programs.rules import ProgramRules


def earning(**rule: Any) -> list[str]:
    (description,) = describe_earning(ProgramRules.from_json({"earning": [{"name": "base", **rule}]}))
    return list(description.sentences)


@pytest.mark.parametrize(
    ("award", "sentence"),
    [
        ({"per": 100, "points": 5}, "5 points for every 100 spent."),
        ({"per": "0.5", "points": 1}, "1 point for every 0.5 spent."),
        ({"percent": 2.5}, "2.5 % of the amount as points."),
        ({"fixed": 1000}, "1,000 points for each bill."),
        ({"per_unit": 1}, "1 point for each unit."),
        ({"multiply": 2}, "2 times the regular points of the other rules."),
        ({"multiply": 1.5, "of": ["a", "b"]}, "1.5 times the regular points of the rules a and b."),
    ],
)
def test_an_award_is_a_sentence(award: dict[str, Any], sentence: str) -> None:
    assert earning(award=award) == [sentence, "They never expire."]


def test_conditions_delay_expiry_and_cap_follow() -> None:
    when = {
        "min_amount": 50,
        "stores": ["blr", "del", "web"],
        "zones": ["south"],
        "concepts": ["food", "fashion"],
        "tiers": ["Gold"],
        "weekdays": ["sat", "sun"],
        "from": "2026-01-01",
        "until": "2026-12-31",
    }
    sentences = earning(
        award={"percent": 10},
        kind="promotional",
        when=when,
        delay_days=1,
        max_points=500,
        expiry={"kind": "days", "value": 90},
    )
    assert sentences == [
        "10 % of the amount as promotional points on bills of 50.00 or more, at blr, del or web, in the zone south, in the"
        " concept food or fashion, for the tier Gold, on Saturdays and Sundays, from 2026-01-01, until 2026-12-31.",
        "Promised first; theirs to spend 1 day later.",
        "They expire 90 days later.",
        "At most 500 for one bill.",
    ]


def test_lines_birthdays_segments_groups_and_caps_are_described() -> None:
    when = {
        "items": {"include": ["A", "B"], "exclude": ["C"]},
        "attributes": {"kind": ["shoes", "boots"]},
        "min_amount": 20,
        "birthday": "month",
        "segments": [{"segment": "spend", "partition": "high"}, {"segment": "age", "partition": "young"}],
    }
    assert earning(award={"per_unit": 3}, when=when, group="rate", max_points_per_day=10, max_points_per_month=100) == [
        "3 points for each unit for the items A and B except C for lines with kind shoes or boots, on lines of 20.00 or more,"
        " in the month of the birthday, for the segment spend high or age young.",
        "They never expire.",
        "At most 10 on one day.",
        "At most 100 in one month.",
        "Of the rules in the group rate only the one that gives most counts.",
    ]
    assert earning(award={"fixed": 3}, when={"items": {"exclude": ["C"]}, "birthday": "day"})[0] == (
        "3 points for each bill for all items except C, on the birthday."
    )
    assert earning(award={"multiply": 2}, kind="promotional")[0] == (
        "2 times the regular points of the other rules, as promotional points."
    )


@pytest.mark.parametrize(
    ("expiry", "expected"),
    [
        (None, "they never expire"),
        ({"kind": "months", "value": 18}, "they expire at the end of the month, 18 months later"),
        ({"kind": "date", "value": "2027-01-31"}, "they expire after 2027-01-31"),
        ({"kind": "last_activity", "value": 1}, "they expire 1 month after the last bill"),
        ({"kind": "rolling", "value": 6}, "they expire 6 months after the last earning"),
        ({"kind": "anniversary", "value": 2}, "they expire on anniversary 2 of the registration"),
        ({"kind": "membership"}, "they expire with the tier"),
        ({"kind": "field", "name": "dob"}, "they expire on the date in the field dob"),
        ({"kind": "field", "name": "dob", "value": 14}, "they expire on the date in the field dob, 14 days later"),
    ],
)
def test_an_expiry_ends_a_sentence(expiry: dict[str, Any] | None, expected: str) -> None:
    assert describe_expiry(ExpiryRule.from_json(expiry)) == expected


def test_what_keeps_points_alive_is_described() -> None:
    expiry = {"kind": "last_activity", "value": 6}
    stored = {
        "keeps_points_alive": ["bill", "redemption"],
        "earning": [{"name": "base", "award": {"fixed": 1}, "expiry": expiry}],
        "enrolment": {"points": 5, "expiry": expiry},
    }
    rules = ProgramRules.from_json(stored)
    assert describe_earning(rules)[0].sentences[1] == "They expire 6 months after the last bill or redemption."
    assert describe_enrolment(rules) == "5 points on joining; they expire 6 months after the last bill or redemption."


def test_occasions_are_described() -> None:
    stored = [
        {"name": "gift", "on": "birthday", "award": {"fixed": 100}, "expiry": {"kind": "days", "value": 30}},
        {"name": "years", "on": "anniversary", "award": {"fixed": 1}},
        {"name": "full", "on": "profile_complete", "fields": ["dob", "city"], "award": {"fixed": 25}},
    ]
    found = describe_occasions(ProgramRules.from_json({"occasions": stored}))
    assert [(occasion.name, *occasion.sentences) for occasion in found] == [
        ("gift", "100 points on every birthday.", "They expire 30 days later."),
        ("years", "1 point on every anniversary of the registration.", "They never expire."),
        ("full", "25 points once the profile has dob and city.", "They never expire."),
    ]


def test_joining_may_bring_points() -> None:
    assert describe_enrolment(ProgramRules()) == ""
    assert describe_enrolment(ProgramRules.from_json({"enrolment": {"points": 1}})) == "1 point on joining; they never expire."


def tier(**more: Any) -> list[str]:
    (description,) = describe_tiers(ProgramRules.from_json({"tiers": [{"name": "Gold", **more}]}))
    return list(description.sentences)


def test_a_tier_shows_how_it_is_reached_and_kept() -> None:
    conditions = [{"based_on": "PURCHASE", "threshold": 500}, {"based_on": "VISITS", "threshold": 8}]
    assert tier() == ["Everybody starts here.", "Lasts for ever."]
    assert tier(
        upgrade={"based_on": "TRACKER_VALUE_BASED", "tracker": "Spend", "threshold": 4000},
        validity_months=12,
        renew={
            "match": "any",
            "conditions": conditions,
        },
        downgrade_to="previous",
    ) == [
        "Reached by 4,000 by the tracker Spend.",
        "Lasts 12 months.",
        "Kept by purchases of 500.00 or 8 visits meanwhile; else back to the tier below.",
    ]
    assert tier(validity_months=1)[1:] == ["Lasts 1 month.", "It is never lost."]
    assert tier(validity_months=1, downgrade_to="lowest")[1:] == [
        "Lasts 1 month.", "Not renewed; back to the first tier afterwards.",
    ]  # fmt: skip
    assert tier(validity={"end_of": "month"})[1] == "Lasts until the end of the month."
    assert tier(validity={"end_of": "year", "years": 1}, grace_days=30, on_entry={"points": 5, "coupon_series": "W"})[1:] == [
        "Lasts until the end of the year, 1 year later.",
        "It is never lost.",
        "A renewal may come 30 days later.",
        "5 points on reaching it.",
        "A coupon of the series W on reaching it.",
    ]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("all", "Reached by 10 points earned in all and 5 points at once."),
        (1, "Reached by 1 of: 10 points earned in all; 5 points at once."),
        ("(1 AND 2)", "Reached by (1 AND 2), where (1) 10 points earned in all; (2) 5 points at once."),
    ],
)
def test_several_conditions_are_joined_as_they_match(match: str | int, expected: str) -> None:
    conditions = [{"based_on": "LIFETIME_POINTS", "threshold": 10}, {"based_on": "CURRENT_POINTS", "threshold": 5}]
    assert tier(upgrade={"match": match, "conditions": conditions})[0] == expected


def test_redemption_limits_are_described_also_if_there_are_none() -> None:
    limits = {"min_points": 200, "multiple_of": 50, "max_points_per_day": 20000}
    rules = ProgramRules.from_json({"redemption": limits, "points_to_currency": 0.01})
    assert describe_redemption(rules, currency="CAD") == [
        "At least 200 points at a time.",
        "In steps of 50 points.",
        "At most 20,000 points a day.",
        "A point is worth 0.01 CAD.",
    ]
    assert describe_redemption(ProgramRules(), currency="CAD") == ["No limits."]


def test_returns_may_go_below_zero_or_not() -> None:
    assert describe_returns(ProgramRules()).endswith("never below zero.")
    assert "below zero where it is spent" in describe_returns(ProgramRules(allow_negative=True))
    assert describe_returns(ProgramRules(give_back_redeemed=True)).endswith("Points that were redeemed on it are given back.")


@pytest.mark.parametrize(
    ("tracker", "expected"),
    [
        ({"type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 730}, "Counts bill amount over the last 730 days."),
        (
            {"type": "LINEITEM_QTY", "mode": "CYCLIC_WINDOW", "every_days": 30, "from": "2026-01-01"},
            "Counts line item quantity anew every 30 days from 2026-01-01.",
        ),
        (
            {"type": "CUSTOMER_VISITS", "mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "year"},
            "Counts customer visits anew every year.",
        ),
        ({"type": "POINTS", "mode": "TIER_CHANGE_WINDOW"}, "Counts points anew with every change of the tier."),
    ],
)
def test_a_tracker_shows_what_it_counts_and_when(tracker: dict[str, Any], expected: str) -> None:
    (description,) = describe_trackers(ProgramRules.from_json({"trackers": [{"name": "T", **tracker}]}))
    assert list(description.sentences) == [expected]
