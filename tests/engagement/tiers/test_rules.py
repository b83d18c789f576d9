"""What does a ladder read, and what does late activity do to a state?"""

from typing import Any

import pytest

from tests.engagement.tiers.states import TIERS, bought, day, run, state_of, tiers


def test_a_late_bill_is_applied_in_the_order_of_time() -> None:
    state = state_of()
    assert run(state, bought(20, 400), until=25) == []
    assert run(state, bought(10, 700), until=25) == [("UPGRADE", "Ground", "First", day(20))]


def test_a_late_bill_keeps_a_tier_that_seemed_lost() -> None:
    state = state_of()
    assert [move[0] for move in run(state, bought(0, 1000), until=400)] == ["UPGRADE", "DOWNGRADE"]
    assert [move[0] for move in run(state, bought(50, 500), until=400)] == ["UPGRADE", "RENEW"]


def test_what_comes_late_within_grace_is_seen() -> None:
    state = state_of(tiers({"grace_days": 30}), tier="First", expires_on=day(10), due_on=day(10))
    assert run(state, until=20) == []
    assert run(state, bought(5, 500), until=20) == [("RENEW", "First", "First", day(11))]


@pytest.mark.parametrize(
    ("condition", "points", "lines"),
    [
        ({"based_on": "CUMULATIVE_PURCHASES"}, False, False),
        ({"based_on": "LIFETIME_POINTS"}, True, False),
        ({"based_on": "TRACKER_VALUE_BASED", "tracker": "POINTS"}, True, False),
        ({"based_on": "TRACKER_VALUE_BASED", "tracker": "LINEITEM_QTY"}, False, True),
    ],
)
def test_a_ladder_knows_what_it_reads(condition: dict[str, Any], points: bool, lines: bool) -> None:  # noqa: FBT001
    trackers = [{"name": name, "type": name, "mode": "TIER_CHANGE_WINDOW"} for name in ("POINTS", "LINEITEM_QTY")]
    ladder = state_of([TIERS[0], {"name": "First", "upgrade": {**condition, "threshold": 1}}], trackers=trackers).ladder
    assert (ladder.reads_points, ladder.reads_lines) == (points, lines)
