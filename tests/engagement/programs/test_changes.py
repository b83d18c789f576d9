"""What changed rules say otherwise, in sentences."""

from typing import Any

from engagement.programs.changes import changed_sentences
from engagement.programs.rules import ProgramRules

BASE: dict[str, Any] = {
    "precision": 1,
    "earning": [{"name": "base", "award": {"percent": 5}}, {"name": "gift", "award": {"fixed": 3}}],
    "tiers": [{"name": "Bronze"}, {"name": "Silver", "upgrade": {"based_on": "LIFETIME_POINTS", "threshold": 9}}],
    "expiry_notice_days": [7, 30],
}


def changed(**changes: Any) -> list[str]:
    after = {**BASE, **changes}
    return changed_sentences(ProgramRules.from_json(BASE), ProgramRules.from_json(after), currency="INR")


def test_equal_rules_say_nothing() -> None:
    assert changed(expiry_notice_days=[30, 7]) == []


def test_rules_are_new_changed_removed_or_in_another_order() -> None:
    base, gift = BASE["earning"]
    assert changed(earning=[{**base, "award": {"percent": 7}}, {"name": "more", "award": {"fixed": 1}}]) == [
        "Rule base changes: 7 % of the amount as points. They never expire. Before: 5 % of the amount as points. They never"
        " expire.",
        "Rule more is new: 1 points for each bill. They never expire.",
        "Rule gift is removed. It said: 3 points for each bill. They never expire.",
    ]
    assert changed(earning=[gift, base]) == ["The order is now gift, base."]
    assert changed(tiers=BASE["tiers"][:1]) == [
        "Tier Silver is removed. It said: Reached by 9 points earned in all. Lasts for ever."
    ]


def test_the_rest_is_said_with_what_was_before() -> None:
    assert changed(precision=0, points_to_currency=0.5, expiry_notice_days=[], enrolment={"points": 5}) == [
        "Joining: 5 points on joining; they never expire. Before: nothing.",
        "Redemption: A point is worth 0.5 INR. Before: No limits.",
        "Decimals of a point: 0. Before: 1.",
        "Days of notice before points expire: nothing. Before: 7, 30.",
    ]
