"""What does each rule of a program give for a sale?"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engagement.earning.rules import Award, NoAward, earn
from engagement.earning.sales import Sale
from engagement.numbers.decimals import decimal
from engagement.numbers.rounding import TooManyPointsError
from engagement.programs.expiry_rules import NEVER, ExpiryKind, ExpiryRule
from engagement.programs.rules import ProgramRules
from loyalty_project.protocol.codes import Code

FRIDAY = date(2026, 3, 6)
BASE: dict[str, Any] = {"name": "base", "award": {"per": 100, "points": 5}}


def sale(amount: str = "1000", **more: Any) -> Sale:
    location = {"store": "blr", "zone": "south", "concept": "food", "tier": "Gold", "day": FRIDAY}
    return Sale(amount=Decimal(amount), **{**location, **more})


def outcome_of(rule: dict[str, Any], amount: str = "1000", *, precision: int = 0, **more: Any) -> Award | NoAward:
    rules = ProgramRules.from_json({"precision": precision, "earning": [{**BASE, **rule}]})
    (result,) = earn(rules, sale(amount, **more))
    return result


@pytest.mark.parametrize(
    ("award", "amount", "precision", "points", "figures"),
    [
        ({"per": 100, "points": 5}, "480.5", 0, "24", {"per": "100", "points": "5", "exact": "24.025"}),
        ({"per": 100, "points": 5}, "480.5", 2, "24.02", {"precision": 2}),
        ({"per": 3, "points": 1}, "9", 3, "3", {"exact": "3"}),
        ({"per": 0.1, "points": 0.1}, "0.3", 1, "0.3", {"per": "0.1"}),
        ({"percent": 5}, "199", 0, "9", {"percent": "5", "exact": "9.95"}),
        ({"percent": 2.5}, "100", 1, "2.5", {"percent": "2.5"}),
        ({"fixed": 10}, "0", 0, "10", {"fixed": "10", "amount": "0"}),
        ({"fixed": 10.75}, "1", 1, "10.7", {"exact": "10.75"}),
    ],
)
def test_what_an_award_comes_to(award: Any, amount: str, precision: int, points: str, figures: dict[str, Any]) -> None:
    outcome = outcome_of({"award": award}, amount, precision=precision)
    assert isinstance(outcome, Award)
    assert outcome.points == Decimal(points)
    assert figures.items() <= outcome.figures.items()
    assert {"because": "rule", "rule": "base", "amount": amount, "precision": precision}.items() <= outcome.figures.items()


@pytest.mark.parametrize(
    ("cap", "precision", "points", "is_capped"),
    [(60, 0, "50", False), (50, 0, "50", False), (49.9, 0, "49", True), (49.9, 1, "49.9", True), (None, 0, "50", False)],
)
def test_a_cap_is_the_most_that_a_bill_gives(cap: Any, precision: int, points: str, is_capped: bool) -> None:  # noqa: FBT001
    outcome = outcome_of({"max_points": cap}, precision=precision)
    assert isinstance(outcome, Award)
    assert (outcome.points, outcome.is_capped, "cap" in outcome.figures) == (Decimal(points), is_capped, is_capped)


def test_less_than_a_point_is_none() -> None:
    assert outcome_of({}, "19.99") == NoAward(rule="base", reason="0.9995 points round down to none")


def test_a_cap_that_leaves_nothing_is_a_warning() -> None:
    reason = "its cap of 0 points for a bill is reached"
    assert outcome_of({"max_points": 0}) == NoAward(rule="base", reason=reason, warning=Code.POINTS_CAPPED)


@pytest.mark.parametrize(
    ("when", "more", "reason"),
    [
        ({"min_amount": 1000}, {}, ""),
        ({"min_amount": 1000.01}, {}, "the amount is below 1000.01"),
        ({"stores": ["blr", "del"]}, {}, ""),
        ({"stores": ["del", "goa"]}, {}, "only for stores del, goa"),
        ({"stores": ["del"]}, {"store": ""}, "only for stores del"),
        ({"zones": ["south"]}, {}, ""),
        ({"zones": ["north"]}, {}, "only for zones north"),
        ({"concepts": ["food"]}, {}, ""),
        ({"concepts": ["fashion"]}, {}, "only for concepts fashion"),
        ({"tiers": ["Gold"]}, {}, ""),
        ({"tiers": ["Gold"]}, {"tier": "Silver"}, "only for tiers Gold"),
        ({"weekdays": ["fri", "sat"]}, {}, ""),
        ({"weekdays": ["sat", "sun"]}, {}, "only on sat, sun"),
        ({"from": "2026-03-06", "until": "2026-03-06"}, {}, ""),
        ({"from": "2026-03-07"}, {}, "from 2026-03-07 on"),
        ({"until": "2026-03-05"}, {}, "until 2026-03-05"),
        ({"stores": [], "weekdays": [], "from": None, "until": None, "min_amount": None}, {}, ""),
        (None, {}, ""),
    ],
)
def test_when_a_rule_holds(when: Any, more: dict[str, Any], reason: str) -> None:
    outcome = outcome_of({"when": when}, **more)
    assert isinstance(outcome, Award) if not reason else outcome == NoAward(rule="base", reason=reason)


def test_every_rule_is_asked_in_its_order_with_its_own_terms() -> None:
    stored = {
        "earning": [
            BASE,
            {
                "name": "friday",
                "award": {"fixed": 7},
                "kind": "promotional",
                "delay_days": 14,
                "expiry": {"kind": "days", "value": 9},
            },
        ]
    }
    first, second = earn(ProgramRules.from_json(stored), sale())
    assert isinstance(first, Award)
    assert isinstance(second, Award)
    assert (first.kind, first.delay_days, first.expiry) == ("regular", 0, NEVER)
    assert (second.rule, second.kind, second.delay_days, second.expiry) == (
        "friday",
        "promotional",
        14,
        ExpiryRule(kind=ExpiryKind.DAYS, number=9),
    )
    assert earn(ProgramRules(), sale()) == []


def test_more_points_than_a_column_holds_are_reported() -> None:
    with pytest.raises(TooManyPointsError):
        outcome_of({"award": {"per": 0.001, "points": 1000000}}, "999999999999")


def test_numbers_of_the_rules_are_exact() -> None:
    assert (decimal(0.1), decimal("2.50"), decimal(None)) == (Decimal("0.1"), Decimal("2.50"), None)
