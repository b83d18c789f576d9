"""When is a lot due, in which zone, and what does an entry do to an account?"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engagement.numbers.rounding import MOST_POINTS, TooManyPointsError
from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import award, spend
from engagement.points.ledger.posting import AccountState, InsufficientPointsError, Kind, end_of, pick, post
from engagement.points.models import NO_FLOOR, PointsAccount, PointsLot
from tests.factories.points import facts

Moves = PointsLot.Moves
ZERO = Decimal(0)


def new_state(zone: str = "Asia/Kolkata", **account: object) -> AccountState:
    return AccountState(account=PointsAccount(organization_id=1, **account), zone=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "day", "over"),
    [
        ("Asia/Kolkata", date(2026, 3, 31), datetime(2026, 3, 31, 18, 30, tzinfo=UTC)),
        ("America/New_York", date(2026, 3, 7), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        # Clocks go forward on that day and back on that one: 23 and 25 hours long.
        ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 9, 4, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 2, 5, tzinfo=UTC)),
        ("America/Halifax", date(2026, 3, 8), datetime(2026, 3, 9, 3, tzinfo=UTC)),
        # At 00:01 the clocks went back to 23:01: the day is over when it is over for the first time.
        ("America/Halifax", date(2006, 10, 28), datetime(2006, 10, 29, 3, tzinfo=UTC)),
        # December 30, 2011 was left out: the day before ends as the one after begins.
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 31, 10, tzinfo=UTC)),
        # Midnight itself is skipped: the next day begins at one o'clock.
        ("America/Santiago", date(2026, 9, 5), datetime(2026, 9, 6, 4, tzinfo=UTC)),
        ("Africa/Cairo", date(2026, 4, 23), datetime(2026, 4, 23, 22, tzinfo=UTC)),
    ],
)
def test_a_day_is_over_when_the_clocks_of_the_zone_show_the_next(zone: str, day: date, over: datetime) -> None:
    assert end_of(day, ZoneInfo(zone)) == over


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Halifax", "America/Santiago"])
def test_no_day_of_a_year_ends_early_or_late(zone: str) -> None:
    local_zone = ZoneInfo(zone)
    for number in range(366):
        day = date(2026, 1, 1) + timedelta(days=number)
        over = end_of(day, local_zone)
        assert over.astimezone(local_zone).date() == day + timedelta(days=1)
        assert (over - timedelta(microseconds=1)).astimezone(local_zone).date() == day


@pytest.mark.parametrize(
    ("awarded", "last_active_on", "months", "last"),
    [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), None, 1, date(2026, 2, 28)),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), date(2026, 3, 31), 1, date(2026, 4, 30)),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), None, 12, date(2025, 2, 28)),
        # An award of a later day than the last bill is not over before its time.
        (datetime(2026, 5, 1, 12, tzinfo=UTC), date(2026, 1, 1), 1, date(2026, 6, 1)),
        # Half past eleven in the evening of the 31st in London is the 1st in Kolkata.
        (datetime(2026, 3, 31, 23, 30, tzinfo=UTC), None, 1, date(2026, 5, 1)),
    ],
)
@pytest.mark.parametrize("moves", [Moves.LAST_ACTIVITY, Moves.ROLLING])
def test_a_moving_last_day_follows_the_account(
    awarded: datetime, last_active_on: date | None, months: int, last: date, moves: Moves
) -> None:
    name = "last_active_on" if moves == Moves.LAST_ACTIVITY else "last_earned_on"
    state = new_state(**{name: last_active_on})
    award(state, Decimal(5), facts=facts(awarded), expiry=Expiry(moves=moves, months=months))
    assert state.last_day(state.lots[0]) == last


def test_the_last_day_of_a_tier_is_that_of_its_points() -> None:
    state = new_state()
    award(state, Decimal(5), facts=facts(), expiry=Expiry(moves=Moves.MEMBERSHIP))
    assert state.next_due() is None
    state.tier_ends = date(2026, 5, 31)
    assert state.next_due() == datetime(2026, 5, 31, 18, 30, tzinfo=UTC)


def test_points_that_open_after_their_last_day_expire_as_they_open() -> None:
    state = new_state()
    opens = datetime(2026, 6, 1, tzinfo=UTC)
    award(state, Decimal(5), facts=facts(), opens_at=opens, expiry=Expiry(on=date(2026, 5, 1)))
    lot = state.lots[0]
    assert state.due_moment(lot) == opens
    lot.is_open = True
    assert state.due_moment(lot) == opens


def test_points_are_spent_first_expiring_first_then_as_they_came() -> None:
    state = new_state()
    for points, at, last in [(1, 3, None), (2, 1, None), (3, 2, date(2026, 5, 2)), (4, 4, date(2026, 5, 1)), (5, 1, None)]:
        award(state, Decimal(points), facts=facts(datetime(2026, 1, at, tzinfo=UTC)), expiry=Expiry(on=last))
    award(state, Decimal(6), facts=facts(), opens_at=datetime(2026, 9, 1, tzinfo=UTC))
    assert [lot.points for lot in state.spendable()] == [4, 3, 2, 5, 1]


def test_picking_takes_in_order_and_returns_the_total() -> None:
    state = new_state()
    for points in (3, 4):
        award(state, Decimal(points), facts=facts())
    assert [taken for _, taken in pick(state.lots, Decimal(5))[0]] == [3, 2]
    assert pick(state.lots, Decimal(9))[1] == 7
    assert pick(state.lots, ZERO) == ([], 0)


def test_nothing_falls_below_the_floor_and_nothing_is_changed_then() -> None:
    state = new_state()
    with pytest.raises(InsufficientPointsError):
        post(state, Kind.REDEEM, points=Decimal(-1), facts=facts())
    assert (state.account.version, state.entries, state.is_changed) == (0, [], False)


@pytest.mark.parametrize("figure", ["balance", "lifetime", "promised"])
def test_figures_that_no_column_holds_are_refused(figure: str) -> None:
    state = new_state(**{figure: MOST_POINTS})
    with pytest.raises(TooManyPointsError):
        award(state, Decimal(1), facts=facts(), opens_at=datetime(2026, 9, 1, tzinfo=UTC) if figure == "promised" else None)
    assert not state.is_changed


def test_what_comes_pays_what_is_owed() -> None:
    state = new_state(floor=NO_FLOOR)
    post(state, Kind.RETURN, points=Decimal(-20), facts=facts())
    award(state, Decimal(15), facts=facts())
    assert (state.account.balance, state.account.floor, state.spendable()) == (-5, -5, [])
    award(state, Decimal(15), facts=facts())
    assert (state.account.balance, state.account.floor, [lot.left for lot in state.spendable()]) == (10, 0, [10])
    spend(state, Decimal(10), kind=Kind.REDEEM, facts=facts())
    assert state.account.balance == 0
