"""How is a fraction of a point cut?"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.numbers.rounding import MOST_POINTS, TooManyPointsError, divided, round_points, share


@pytest.mark.parametrize(
    ("points", "precision", "rounded"),
    [
        ("24.999", 0, "24"),
        ("24.999", 1, "24.9"),
        ("24.999", 2, "24.99"),
        ("24.9999", 3, "24.999"),
        ("0.9999999999999999999999999999999999999999999999", 0, "0"),
        ("7", 3, "7.000"),
        ("0", 0, "0"),
        ("999999999999999.999", 3, "999999999999999.999"),
    ],
)
def test_points_are_cut_down(points: str, precision: int, rounded: str) -> None:
    assert str(round_points(Decimal(points), precision)) == rounded


def test_more_than_a_column_holds_is_reported() -> None:
    with pytest.raises(TooManyPointsError):
        round_points(MOST_POINTS + Decimal("0.001"), 0)


def test_a_share_keeps_the_digits_that_rounding_needs() -> None:
    """200 at 3 points per 300 are two points, not 1.999."""
    assert round_points(share(Decimal(200), Decimal(3), Decimal(300)), 3) == 2
    assert round_points(share(Decimal("999999999999.999"), Decimal("123456.789"), Decimal(1000000)), 3) == Decimal(
        "123456788999.999"
    )


@given(
    issued=st.integers(0, 10**9),
    amount=st.integers(1, 10**9),
    cuts=st.lists(st.integers(0, 10**9), max_size=5),
    precision=st.integers(0, 3),
)
def test_the_parts_of_a_return_add_up_to_the_whole(issued: int, amount: int, cuts: list[int], precision: int) -> None:
    """However a bill comes back, no part claims below zero and all of them claim what was issued."""
    reached = [*sorted(min(cut, amount) for cut in cuts), amount]
    claims = [round_points(share(Decimal(issued), Decimal(points), Decimal(amount)), precision) for points in reached]
    assert claims == sorted(claims)
    assert claims[-1] == issued


@pytest.mark.parametrize(
    ("points", "weights", "precision", "parts"),
    [
        ("10", ["60", "40"], 0, ["6", "4"]),
        ("10", ["1", "1", "1"], 0, ["3", "3", "4"]),
        ("1", ["1", "0", "1"], 0, ["0", "0", "1"]),
        ("1", ["1", "1"], 1, ["0.5", "0.5"]),
        # More decimals than the program has now.
        ("1.25", ["1", "1"], 0, ["0", "1.25"]),
    ],
)
def test_divided_points_are_the_points_together(points: str, weights: list[str], precision: int, parts: list[str]) -> None:
    split = divided(Decimal(points), list(map(Decimal, weights)), precision=precision)
    assert split == list(map(Decimal, parts))
    assert sum(split) == Decimal(points)
