"""Parts of a bill's points, and what of them a return claims."""

from decimal import Decimal

import pytest

from engagement.earning.parts import CameBack, LinePart, claim_of, parts_as_json, parts_of_json, share_out

SHOES, HATS = (1,), (2, 3)


def back(returned: int, lines: dict[int, int] | None = None) -> CameBack:
    """Of a sale of 100: shoes of 60 and two hats of 20."""
    sold = {1: Decimal(60), 2: Decimal(20), 3: Decimal(20)}
    came = {position: Decimal(amount) for position, amount in (lines or {}).items()}
    return CameBack(amount=Decimal(100), returned=Decimal(returned), sold=sold, lines=came)


@pytest.mark.parametrize(
    ("returned", "lines", "claim"),
    [
        (50, None, 25),
        (60, {1: 60}, 12 + 10),
        (20, {2: 20}, 4 + 10),
        (30, {1: 30}, 6 + 5),
        (80, {1: 60, 2: 20}, 16 + 10 + 10),
        (100, {1: 60, 2: 20, 3: 20}, 50),
        (100, None, 50),
        # Something came back of which the lines are not known.
        (50, {2: 20}, 25),
    ],
)
def test_what_a_return_claims(returned: int, lines: dict[int, int] | None, claim: int) -> None:
    shoes, hats = LinePart(Decimal(10), SHOES), LinePart(Decimal(20), HATS)
    # And 20 of the whole bill.
    assert claim_of(Decimal(50), [shoes, hats], back(returned, lines), precision=0) == claim


def test_points_of_a_sale_that_cost_nothing_all_go() -> None:
    gone = CameBack(amount=Decimal(0), returned=Decimal(0), sold={1: Decimal(0)}, lines={1: Decimal(0)})
    assert claim_of(Decimal(7), [], gone, precision=0) == 7


def test_parts_of_a_multiplier_add_up() -> None:
    among = [(Decimal(1), []), (Decimal(1), [LinePart(Decimal(1), SHOES)]), (Decimal(1), [LinePart(Decimal(1), HATS)])]
    assert share_out(Decimal(10), among=among, precision=0) == [LinePart(Decimal(3), SHOES), LinePart(Decimal(4), HATS)]


def test_parts_of_the_same_lines_are_stored_as_one() -> None:
    parts = [LinePart(Decimal(3), SHOES), LinePart(Decimal("4.5"), HATS), LinePart(Decimal(2), SHOES)]
    stored = parts_as_json(parts)
    assert stored == [{"points": "5", "lines": [1]}, {"points": "4.5", "lines": [2, 3]}]
    assert parts_of_json(stored) == [LinePart(Decimal(5), SHOES), LinePart(Decimal("4.5"), HATS)]
