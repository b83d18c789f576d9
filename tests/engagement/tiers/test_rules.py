"""How a tier rises, is kept and is lost, in the order of time."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagement.programs.rules import ProgramRules
from engagement.tiers.rules import Activity, Change, HeldTier, Ladder, TierState, advance, history_from, total_of

ZONE = ZoneInfo("Asia/Kolkata")
START = datetime(2024, 1, 1, 12, tzinfo=ZONE)
TIERS: list[dict[str, Any]] = [
    {"name": "Ground"},
    {
        "name": "First",
        "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1000},
        "validity_months": 12,
        "renew": {
            "match": "any",
            "conditions": [{"based_on": "PURCHASE", "threshold": 500}, {"based_on": "VISITS", "threshold": 3}],
        },
        "downgrade_to": "previous",
    },
    {
        "name": "Second",
        "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 5000},
        "validity_months": 12,
        "renew": {"conditions": [{"based_on": "PURCHASE", "threshold": 4000}]},
        "downgrade_to": "lowest",
    },
]


def tiers(*changed: dict[str, Any]) -> list[dict[str, Any]]:
    """The tiers above the lowest, each with its changes."""
    changes = [*changed, *({} for _ in TIERS)]
    return [TIERS[0], *({**tier, **change} for tier, change in zip(TIERS[1:], changes, strict=False))]


def state_of(rules: list[dict[str, Any]] | None = None, *, tier: str = "Ground", **more: Any) -> TierState:
    trackers = more.pop("trackers", [])
    ladder = Ladder.of(ProgramRules.from_json({"tiers": rules or TIERS, "trackers": trackers}), ZONE)
    totals = more.pop("totals", {})
    may_rise = more.pop("may_rise", True)
    held = HeldTier(tier=tier, **{"since": START, "counts_from": START, **more})
    return TierState(ladder=ladder, held=held, totals=totals, may_rise=may_rise)


def bought(day: int, amount: int, **figures: int) -> Activity:
    """A bill so many days after the start; a return if the amount is negative."""
    sums = {"BILL_AMOUNT": amount, "CUSTOMER_VISITS": int(amount > 0), **figures}
    return Activity(at=START + timedelta(days=day), figures={name: Decimal(value) for name, value in sums.items()})


def run(state: TierState, *activities: Activity, until: int) -> list[tuple[str, str, str, date]]:
    for activity in activities:
        state.add(activity)
    advance(state, START + timedelta(days=until))
    return [row(change) for change in state.changes]


def row(change: Change) -> tuple[str, str, str, date]:
    return change.kind, change.before.tier, change.after.tier, change.at.astimezone(ZONE).date()


def day(number: int) -> date:
    return START.date() + timedelta(days=number)


@pytest.mark.parametrize(
    ("amounts", "moves"),
    [
        ([999], []),
        ([1000], [("UPGRADE", "Ground", "First", day(0))]),
        ([400, 600], [("UPGRADE", "Ground", "First", day(1))]),
        ([5000], [("UPGRADE", "Ground", "First", day(0)), ("UPGRADE", "First", "Second", day(0))]),
        ([1500, -600], [("UPGRADE", "Ground", "First", day(0))]),
        ([900, -600, 400], []),
    ],
)
def test_purchases_lift_at_the_threshold(amounts: list[int], moves: list[Any]) -> None:
    assert run(state_of(), *(bought(number, amount) for number, amount in enumerate(amounts)), until=9) == moves


def test_a_return_lifts_nobody() -> None:
    state = state_of(totals={"BILL_AMOUNT": Decimal(3000)})
    assert run(state, bought(1, -100), until=2) == []
    assert run(state, bought(2, 1), until=3) == [("UPGRADE", "Ground", "First", day(2))]


def test_a_blocked_member_does_not_rise() -> None:
    assert run(state_of(may_rise=False), bought(1, 9000), until=2) == []


def test_an_upgrade_begins_its_validity_on_its_day() -> None:
    state = state_of()
    run(state, bought(10, 1000), until=11)
    assert state.held == HeldTier(
        tier="First",
        since=START + timedelta(days=10),
        counts_from=START + timedelta(days=10),
        expires_on=date(2025, 1, 11),
        due_on=date(2025, 1, 11),
    )


def test_the_bill_that_lifts_does_not_renew() -> None:
    moves = run(state_of(), bought(0, 1000), until=400)
    assert moves[1:] == [("DOWNGRADE", "First", "Ground", date(2025, 1, 2))]


@pytest.mark.parametrize("bills", [[(100, 500)], [(100, 1), (101, 1), (102, 1)], [(100, 700), (366, -200)]])
def test_what_is_asked_renews_at_the_end(bills: list[tuple[int, int]]) -> None:
    state = state_of()
    moves = run(state, bought(0, 1000), *(bought(*bill) for bill in bills), until=400)
    assert moves[1:] == [("RENEW", "First", "First", date(2025, 1, 2))]
    assert (state.held.expires_on, state.held.since) == (date(2026, 1, 1), START)


@pytest.mark.parametrize("bills", [[(100, 499)], [(100, 1), (101, 1)], [(367, 500)], [(100, 700), (101, -201)]])
def test_what_is_missing_or_late_does_not_renew(bills: list[tuple[int, int]]) -> None:
    moves = run(state_of(), bought(0, 1000), *(bought(*bill) for bill in bills), until=500)
    assert ("DOWNGRADE", "First", "Ground", date(2025, 1, 2)) in moves


def test_the_second_renewal_counts_from_the_first() -> None:
    moves = run(state_of(), bought(0, 1000), bought(100, 500), until=900)
    assert [move[0] for move in moves] == ["UPGRADE", "RENEW", "DOWNGRADE"]


@pytest.mark.parametrize(
    ("downgrade_to", "kind", "target"),
    [("previous", "DOWNGRADE", "First"), ("lowest", "DOWNGRADE", "Ground"), ("none", "RENEW", "Second")],
)
def test_a_tier_that_ends_leads_where_the_rules_say(downgrade_to: str, kind: str, target: str) -> None:
    state = state_of(tiers({}, {"downgrade_to": downgrade_to}))
    moves = run(state, bought(0, 5000), until=400)
    assert moves[2:] == [(kind, "Second", target, date(2025, 1, 2))]


def test_a_tier_reached_by_downgrade_has_its_own_validity() -> None:
    state = state_of(tiers({"validity_months": 6}, {"downgrade_to": "previous"}))
    moves = run(state, bought(0, 5000), until=400)
    assert state.held.expires_on == date(2025, 7, 1)
    assert run(state, until=600)[len(moves) :] == [("DOWNGRADE", "First", "Ground", date(2025, 7, 2))]


@pytest.mark.parametrize(("spent", "fits"), [(999, "Ground"), (1000, "First"), (3999, "First"), (5000, "Second")])
def test_the_fitting_tier_follows_the_validity_that_ended(spent: int, fits: str) -> None:
    renew = {"conditions": [{"based_on": "PURCHASE", "threshold": 9000}]}
    state = state_of(tiers({}, {"downgrade_to": "fitting", "renew": renew}))
    run(state, bought(0, 5000), bought(100, spent), until=400)
    assert state.held.tier == fits
    assert state.changes[-1].kind == ("RENEW" if fits == "Second" else "DOWNGRADE")


def test_fitting_compares_lifetime_points_of_the_validity() -> None:
    lifetime = {"upgrade": {"based_on": "LIFETIME_POINTS", "threshold": 100}}
    state = state_of(
        tiers(lifetime, {**lifetime, "upgrade": {"based_on": "LIFETIME_POINTS", "threshold": 500}, "downgrade_to": "fitting"})
    )
    run(state, bought(0, 10, LIFETIME=500), bought(50, 10, LIFETIME=100), until=400)
    assert state.held.tier == "First"


def test_a_renewal_may_come_in_grace() -> None:
    rules = tiers({"grace_days": 30})
    assert run(state_of(rules), bought(0, 1000), until=380) == [("UPGRADE", "Ground", "First", day(0))]
    moves = run(state := state_of(rules), bought(0, 1000), bought(380, 500), until=381)
    assert moves[1:] == [("RENEW", "First", "First", day(380))]
    assert state.held.expires_on == date(2026, 1, 1)


def test_grace_comes_to_its_end() -> None:
    moves = run(state_of(tiers({"grace_days": 30})), bought(0, 1000), bought(380, 499), until=450)
    assert moves[1:] == [("DOWNGRADE", "First", "Ground", date(2025, 2, 1))]


def test_a_locked_tier_is_lifted_and_not_lowered() -> None:
    lock = date(2025, 6, 30)
    locked = {"tier": "First", "expires_on": date(2024, 12, 31), "due_on": date(2024, 12, 31), "locked_until": lock}
    assert run(state_of(**locked), until=500) == []
    assert run(state_of(**locked), bought(1, 5000), until=2) == [("UPGRADE", "First", "Second", day(1))]
    assert run(state_of(**locked), until=600) == [("DOWNGRADE", "First", "Ground", date(2025, 7, 1))]


def test_a_locked_tier_may_be_renewed_late() -> None:
    state = state_of(tier="First", expires_on=day(10), due_on=day(10), locked_until=day(100))
    assert run(state, bought(50, 500), until=60) == [("RENEW", "First", "First", day(50))]


def test_the_lowest_tier_is_renewed() -> None:
    state = state_of([{"name": "Ground", "validity_months": 1, "downgrade_to": "previous"}], expires_on=day(5), due_on=day(5))
    assert run(state, until=10) == [("RENEW", "Ground", "Ground", day(6))]


def test_ends_of_long_ago_follow_one_another() -> None:
    state = state_of(
        tiers({"validity_months": 1}, {"downgrade_to": "previous"}), tier="Second", expires_on=day(-400), due_on=day(-400)
    )
    assert [move[0:3] for move in run(state, until=1)] == [
        ("DOWNGRADE", "Second", "First"), ("DOWNGRADE", "First", "Ground"),
    ]  # fmt: skip


def test_a_tier_that_the_rules_no_longer_have_ends_in_the_lowest() -> None:
    state = state_of(tier="Platinum", expires_on=day(5), due_on=day(5))
    assert run(state, bought(1, 10), until=10) == [("DOWNGRADE", "Platinum", "Ground", day(6))]


def test_a_program_that_lost_its_tiers_ends_none() -> None:
    state = state_of(tier="Platinum", expires_on=day(5), due_on=day(5))
    state.ladder = Ladder(tiers=(), zone=ZONE)
    assert run(state, until=10) == []
    assert state.held.due_on is None


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


def test_a_tracker_is_asked_for_a_later_day() -> None:
    trackers = [{"name": "T", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 10}]
    upgrade = {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": 900}
    state = state_of([TIERS[0], {"name": "First", "upgrade": upgrade}], trackers=trackers)
    run(state, bought(1, 50), until=5)
    (condition,) = state.ladder.conditions
    at = START + timedelta(days=5)
    assert [total_of(state, condition, at, day=day(number)) for number in (5, 10, 11)] == [50, 50, 0]
