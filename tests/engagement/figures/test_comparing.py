"""Figures in words, and beside those of the period before."""

from decimal import Decimal

import pytest

from engagement.figures.comparing import Change, compare, compare_shares, percent


@pytest.mark.parametrize(
    ("part", "text"), [("0", "0%"), ("0.0431", "4.3%"), ("0.425", "43%"), ("1", "100%"), ("1.204", "120%"), ("-0.2", "-20%")]
)
def test_a_part_is_a_percentage(part: str, text: str) -> None:
    assert percent(Decimal(part)) == text


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [
        (112, 100, Change("12%", 1, "good")),
        (Decimal(88), Decimal(100), Change("12%", -1, "bad")),
        (100, 100, Change("unchanged")),
        (1001, 1000, Change("unchanged")),
        (7, 0, Change("none before")),
        (0, 7, Change("100%", -1, "bad")),
        (0, 0, None),
        (None, 3, None),
        (3, None, None),
        (5000, 10, Change("over 999%", 1, "good")),
        (Decimal(5), Decimal(-10), Change("150%", 1, "good")),
    ],
)
def test_growth_of_a_sum(now: int | None, before: int | None, change: Change | None) -> None:
    assert compare(now, before) == change


def test_growth_that_is_neither_good_nor_bad() -> None:
    assert compare(2, 1, more_is="") == Change("100%", 1)
    assert compare(1, 2, more_is="") == Change("50%", -1)


def test_shares_differ_by_points() -> None:
    assert compare_shares(Decimal("0.842"), Decimal("0.81")) == Change("3.2 points", 1, "good")
    assert compare_shares(Decimal("0.5"), Decimal("0.5004")) == Change("unchanged")
    assert compare_shares(None, Decimal(1)) is None
    assert compare_shares(Decimal(1), None) is None


def test_directions_have_signs_and_words() -> None:
    changes = [Change("5%", 1), Change("5%", -1), Change("unchanged")]
    assert [(change.arrow, change.words) for change in changes] == [
        ("↑", "more than before"),
        ("↓", "less than before"),
        ("", ""),
    ]
