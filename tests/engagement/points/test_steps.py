"""A ledger entry step by step, in plain words. Pure."""

from decimal import Decimal
from typing import Any

import pytest

from engagement.points.models import PointsEntry
from engagement.points.steps import name_of_entry, steps_of_entry

BASE = {"because": "rule", "rule": "base", "per": "100", "points": "5", "amount": "1250", "exact": "62.5", "precision": 0}


def entry(total: str, kind: str = "AWARD", note: str = "", **figures: Any) -> PointsEntry:
    return PointsEntry(kind=kind, points=Decimal(total), note=note, explanation=figures)


def test_a_rate_has_base_rule_rounding_and_result() -> None:
    assert steps_of_entry(entry("62", good_until="2027-01-31", **BASE), currency="INR") == [
        ("Base", "1,250.00 INR, the whole bill."),
        ("Rule", "“base” gives 5 points for every 100.00 INR: 62.5 points."),
        ("Rounding", "Down to whole points."),
        ("Result", "62 points credited, good until 2027-01-31."),
    ]


@pytest.mark.parametrize(
    ("figures", "step"),
    [
        ({"base": "400", "lines": [2]}, ("Base", "400.00 INR, line 2 of a bill of 1,250.00 INR.")),
        ({"base": "400", "lines": [1, 3]}, ("Base", "400.00 INR, lines 1, 3 of a bill of 1,250.00 INR.")),
        ({"fixed": "62.5"}, ("Rule", "“base” gives 62.5 points.")),
        ({"percent": "5"}, ("Rule", "“base” gives 5 % of it in points: 62.5 points.")),
        ({"per_unit": "1", "quantity": "3"}, ("Rule", "“base” gives 1 point for each of 3 units: 62.5 points.")),
        ({"cap": "50"}, ("Cap", "At most 50 points for a bill.")),
        ({"cap": "50", "cap_of": "day", "cap_left": "1"}, ("Cap", "At most 50 points for a day; 1 point left of it.")),
        ({"before": "10"}, ("Less", "10 points that the bill brought before its lines came.")),
    ],
)
def test_other_rules_have_their_own_steps(figures: dict[str, Any], step: tuple[str, str]) -> None:
    assert step in steps_of_entry(entry("50", **{**BASE, **figures}), currency="INR")


def test_a_multiplier_names_the_points_that_it_multiplies() -> None:
    figures = {"because": "rule", "rule": "double", "multiply": "2", "multiplied": "62", "of": ["base"], "exact": "62"}
    steps = steps_of_entry(entry("62", note="Opening week", **figures, precision=0), currency="INR")
    assert steps == [
        ("Base", "62 points of “base”."),
        ("Multiplier", "“double” gives them 2 times in all: 62 points more."),
        ("Result", "62 points credited."),
        ("Note", "Opening week"),
    ]


def test_what_no_rule_made_has_its_reason() -> None:
    steps = steps_of_entry(entry("-74", "EXPIRE", because="expiry", last_day="2026-10-17"), currency="INR")
    assert steps == [("Why", "74 points expired after their last day 2026-10-17.")]


@pytest.mark.parametrize(
    ("points", "kind", "because", "name"),
    [
        ("62", "AWARD", "rule", "Earned"),
        ("50", "AWARD", "welcome", "Welcome points"),
        ("20", "ADJUST", "adjustment", "Goodwill"),
        ("-20", "ADJUST", "adjustment", "Taken by staff"),
        ("-20", "ADJUST", "adjustment taken back", "Adjustment taken back"),
        ("-74", "EXPIRE", "expiry", "Expired"),
        ("9", "REVERSAL", "reversal", "Given back"),
    ],
)
def test_an_entry_has_a_name_in_few_words(points: str, kind: str, because: str, name: str) -> None:
    assert name_of_entry(entry(points, kind, because=because)) == name
