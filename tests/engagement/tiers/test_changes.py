"""How a tier rises, is kept and is lost, in the order of time."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engagement.tiers.rules import HeldTier, Ladder
from tests.engagement.tiers.states import START, ZONE, bought, day, run, state_of, tiers


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
        since_order=0,
        counts_from=START + timedelta(days=10),
        counts_order=0,
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


def test_what_is_known_does_not_renew_again_in_grace() -> None:
    # What lifted the tier is read again with what follows: it counts for the tracker, and renews nothing.
    trackers = [{"name": "T", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 30}]
    renew = {"conditions": [{"based_on": "TRACKER", "tracker": "T", "threshold": 100}]}
    waiting = {"tier": "First", "expires_on": day(365), "due_on": day(395)}
    state = state_of(tiers({"renew": renew, "grace_days": 30}), trackers=trackers, **waiting)
    state.activities = [bought(0, 1000)]
    state.known_until = START + timedelta(days=380)
    assert run(state, bought(380, 99), until=381) == []
    assert run(state, bought(381, 1), until=382) == [("RENEW", "First", "First", day(381))]


def test_what_comes_late_for_a_validity_renews_at_its_end() -> None:
    state = state_of(tiers({"grace_days": 30}), tier="First", expires_on=day(10), due_on=day(40))
    assert run(state, bought(5, 500), until=20) == [("RENEW", "First", "First", day(11))]


@pytest.mark.parametrize(("in_grace", "kept"), [(499, False), (500, True)])
def test_the_lower_tier_counts_from_the_end_of_the_validity(in_grace: int, kept: bool) -> None:  # noqa: FBT001
    rules = tiers({"validity_months": 6}, {"downgrade_to": "previous", "grace_days": 30})
    moves = run(state := state_of(rules), bought(0, 5000), bought(380, in_grace), until=500)
    assert moves[2:] == [("DOWNGRADE", "Second", "First", date(2025, 2, 1))]
    assert state.held.expires_on == date(2025, 7, 1)
    last = run(state, until=600)[3]
    assert last == (("RENEW", "First", "First") if kept else ("DOWNGRADE", "First", "Ground")) + (date(2025, 7, 2),)


def test_what_renewed_in_grace_does_not_count_again() -> None:
    # A validity that is shorter than the grace is over before the renewal.
    state = state_of(tiers({"validity_months": 1, "grace_days": 60}))
    moves = run(state, bought(0, 1000, bill=1), bought(70, 500, bill=2), until=200)
    assert [move[:1] + move[3:] for move in moves] == [
        ("UPGRADE", day(0)), ("RENEW", day(70)), ("DOWNGRADE", date(2024, 5, 1)),
    ]  # fmt: skip


def test_the_fitting_tier_ignores_grace() -> None:
    renew = {"conditions": [{"based_on": "PURCHASE", "threshold": 9000}]}
    state = state_of(tiers({}, {"downgrade_to": "fitting", "renew": renew, "grace_days": 30}))
    run(state, bought(0, 5000), bought(100, 999), bought(380, 5000), until=450)
    assert state.held.tier == "Ground"


def test_bills_of_one_moment_count_after_the_one_that_lifts() -> None:
    rules = tiers({"renew": {"conditions": [{"based_on": "PURCHASE", "threshold": 500}]}})
    first = run(state_of(rules), bought(0, 500, bill=1), bought(0, 1000, bill=2), until=400)
    second = run(state_of(rules), bought(0, 1000, bill=1), bought(0, 500, bill=2), until=400)
    assert [moves[1][0] for moves in (first, second)] == ["DOWNGRADE", "RENEW"]


def test_a_bill_of_the_first_moment_counts_for_the_new_validity() -> None:
    moves = run(state_of(), bought(0, 1000), bought(100, 500), bought(366.5, 500), until=800)
    assert [move[0] for move in moves] == ["UPGRADE", "RENEW", "RENEW"]


def test_a_bill_and_its_points_are_one() -> None:
    # In grace its points lift: it does not renew first.
    points = {"conditions": [{"based_on": "LIFETIME_POINTS", "threshold": 100}]}
    state = state_of(tiers({"grace_days": 30}, {"upgrade": points}), tier="First", expires_on=day(10), due_on=day(40))
    bill = bought(20, 500, bill=7)
    moves = run(state, replace(bill, figures={"LIFETIME": Decimal(100), "BALANCE": Decimal(100)}), bill, until=21)
    assert moves == [("UPGRADE", "First", "Second", day(20))]
    assert state.totals["LIFETIME"] == 100


def test_what_comes_late_lifts_in_the_moment_of_the_last_change() -> None:
    state = state_of(totals={"BILL_AMOUNT": Decimal(900)})
    run(state, bought(10, 100, bill=3), until=11)
    state = state_of(tier="First", since=state.held.since, counts_from=state.held.counts_from, counts_order=3, since_order=3)
    state.totals = {"BILL_AMOUNT": Decimal(1000)}
    assert run(state, bought(5, 4000, bill=4), until=11) == [("UPGRADE", "First", "Second", day(10))]
    assert state.held.counts_order == 3


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
