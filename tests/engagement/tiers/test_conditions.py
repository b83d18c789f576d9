"""When do conditions of tiers hold, and what do they compare?"""

from datetime import date, timedelta
from typing import Any

import pytest

from engagement.tiers.conditions import history_from, total_of
from tests.engagement.tiers.states import START, TIERS, ZONE, bought, day, run, state_of, tiers


@pytest.mark.parametrize(
    ("match", "reached"),
    [("all", False), ("any", True), (2, True), (3, False), ("(1 AND 3) OR 2", False), ("1 AND 3", True)],
)
def test_conditions_of_an_upgrade_are_combined(match: str | int, reached: bool) -> None:  # noqa: FBT001
    conditions = [
        {"based_on": "CUMULATIVE_PURCHASES", "threshold": 100},
        {"based_on": "LIFETIME_POINTS", "threshold": 50},
        {"based_on": "CURRENT_POINTS", "threshold": 20},
    ]
    if match == "(1 AND 3) OR 2":
        conditions[0]["threshold"] = 101
    state = state_of(tiers({"upgrade": {"match": match, "conditions": conditions}}))
    run(state, bought(1, 100, LIFETIME=49, BALANCE=20), until=2)
    assert (state.held.tier == "First") is reached


def test_the_figures_explain_a_change() -> None:
    state = state_of()
    run(state, bought(1, 1200), until=2)
    compared = {"based_on": "CUMULATIVE_PURCHASES", "threshold": "1000", "value": "1200"}
    assert state.changes[0].figures == {"match": "all", "conditions": [compared]}


@pytest.mark.parametrize(
    ("window", "reached_on"),
    [
        ({"mode": "MOVING_WINDOW", "days": 10}, None),
        ({"mode": "MOVING_WINDOW", "days": 11}, day(30)),
        ({"mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "month"}, None),
        ({"mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "quarter"}, day(30)),
        ({"mode": "CYCLIC_WINDOW", "every_days": 15, "from": "2024-01-25"}, None),
        ({"mode": "CYCLIC_WINDOW", "every_days": 15, "from": "2024-01-18"}, day(30)),
        ({"mode": "TIER_CHANGE_WINDOW"}, day(30)),
    ],
)
def test_a_tracker_lifts_by_its_window(window: dict[str, Any], reached_on: date | None) -> None:
    trackers = [{"name": "T", "type": "CUSTOMER_VISITS", **window}]
    upgrade = {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": 2}
    state = state_of([TIERS[0], {"name": "First", "upgrade": upgrade}], trackers=trackers)
    # January 21 and 31; for the month: January 31 and February 1.
    days = (30, 31) if window.get("period") == "month" else (20, 30)
    moves = run(state, *(bought(number, 5) for number in days), until=40)
    assert [move[3] for move in moves] == ([reached_on] if reached_on else [])


def test_a_window_since_the_tier_change_begins_anew() -> None:
    trackers = [{"name": "T", "type": "BILL_AMOUNT", "mode": "TIER_CHANGE_WINDOW"}]
    upgrade = {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": 100}
    second = {**upgrade, "threshold": 150}
    state = state_of(
        [TIERS[0], {"name": "First", "upgrade": upgrade}, {"name": "Second", "upgrade": second}], trackers=trackers
    )
    moves = run(state, bought(1, 100), bought(2, 100), bought(3, 50), until=5)
    assert [move[1:] for move in moves] == [("Ground", "First", day(1)), ("First", "Second", day(3))]


def test_a_tracker_renews_by_its_window_at_the_end() -> None:
    trackers = [{"name": "T", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 30}]
    renew = {"conditions": [{"based_on": "TRACKER", "tracker": "T", "threshold": 100}]}
    rules = tiers({"renew": renew})
    early = run(state_of(rules, trackers=trackers), bought(0, 1000), bought(300, 100), until=400)
    late = run(state_of(rules, trackers=trackers), bought(0, 1000), bought(350, 100), until=400)
    assert [moves[1][0] for moves in (early, late)] == ["DOWNGRADE", "RENEW"]


@pytest.mark.parametrize(
    ("validity", "window", "bills"),
    [
        ({"end_of": "year"}, {"mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "year"}, [(100, 100)]),
        ({"end_of": "month", "months": 3}, {"mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "month"}, [(110, 100)]),
        ({"end_of": "year"}, {"mode": "MOVING_WINDOW", "days": 10}, [(356, 100)]),
        ({"end_of": "year"}, {"mode": "CYCLIC_WINDOW", "every_days": 366, "from": "2024-01-01"}, [(200, 100)]),
    ],
)
def test_a_tracker_ends_with_the_last_day_of_the_validity(
    validity: dict[str, Any], window: dict[str, Any], bills: list[tuple[int, int]]
) -> None:
    renew = {"conditions": [{"based_on": "TRACKER", "tracker": "T", "threshold": 100}]}
    lifted = {**TIERS[1], "validity": validity, "renew": renew}
    del lifted["validity_months"]
    state = state_of([TIERS[0], lifted], trackers=[{"name": "T", "type": "BILL_AMOUNT", **window}])
    moves = run(state, bought(0, 1000), *(bought(*bill) for bill in bills), until=367)
    assert moves[1][:3] == ("RENEW", "First", "First")
    assert state.changes[1].figures["conditions"][0]["value"] in {"100", "1100"}


def test_a_window_since_the_tier_change_counts_bills_of_its_moment() -> None:
    trackers = [{"name": "T", "type": "BILL_AMOUNT", "mode": "TIER_CHANGE_WINDOW"}]
    tracked = {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": 100}
    upgrade = {"conditions": [tracked, {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1100}]}
    state = state_of([*TIERS[:2], {"name": "Second", "upgrade": upgrade}], trackers=trackers)
    moves = run(state, bought(1, 1000, bill=1), bought(1, 60, bill=2), bought(2, 40, bill=3), until=5)
    assert [move[2:] for move in moves] == [("First", day(1)), ("Second", day(2))]


def test_activity_is_read_as_far_back_as_it_decides() -> None:
    trackers = [
        {"name": "T", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 31},
        {"name": "unused", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 999},
    ]
    first, until = START + timedelta(days=100), START + timedelta(days=101)
    plain = state_of(tier="First", expires_on=day(200), due_on=day(200))
    assert history_from(plain.ladder, plain.held, first=first, until=until) == first
    due = state_of(tier="First", expires_on=day(99), due_on=day(99))
    assert history_from(due.ladder, due.held, first=first, until=until) == START
    upgrade = {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": 2}
    tracking = state_of(tiers({"upgrade": upgrade}), trackers=trackers)
    assert history_from(tracking.ladder, tracking.held, first=first, until=until).astimezone(ZONE).date() == day(70)
    since = state_of(tiers({"upgrade": upgrade}), trackers=[{"name": "T", "type": "POINTS", "mode": "TIER_CHANGE_WINDOW"}])
    assert history_from(since.ladder, since.held, first=first, until=until) == START


def test_a_tracker_is_asked_for_a_later_day() -> None:
    trackers = [{"name": "T", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 10}]
    upgrade = {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": 900}
    state = state_of([TIERS[0], {"name": "First", "upgrade": upgrade}], trackers=trackers)
    run(state, bought(1, 50), until=5)
    (condition,) = state.ladder.conditions
    assert [total_of(state, condition, day(number)) for number in (5, 10, 11)] == [50, 50, 0]
