"""Which lots pay for what is spent and taken back, and which get points back?"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import TakenBack, award, reverse, spend, take_back
from engagement.points.ledger.posting import AccountState, InsufficientPointsError, Kind
from engagement.points.models import NO_FLOOR, PointsAccount, PointsLot
from tests.factories.points import facts

ZERO = Decimal(0)
SALE, OTHER = 7, 8
LATER = datetime(2026, 9, 1, tzinfo=UTC)


def new_state(**account: Any) -> AccountState:
    return AccountState(account=PointsAccount(organization_id=1, **account), zone=ZoneInfo("Asia/Kolkata"))


def bring(state: AccountState, points: int, **more: Any) -> PointsLot:
    award(state, Decimal(points), facts=facts(bill_id=more.pop("bill", None)), **more)
    return state.new_lots[-1]


def returned(state: AccountState, claim: int, *, claimed_spent: int = 0) -> tuple[int, ...]:
    """(taken, promised, spent, shortfall, lapsed) of a claim for the sale's points."""
    own = [lot for lot in state.new_lots if lot.bill_id == SALE]
    outcome: TakenBack = take_back(
        state, Decimal(claim), own=own, claimed_spent=Decimal(claimed_spent), facts=facts(bill_id=9, sale_id=SALE)
    )
    return tuple(int(part) for part in (outcome.taken, outcome.promised, outcome.spent, outcome.shortfall, outcome.lapsed))


def test_spending_takes_lots_in_their_order() -> None:
    state = new_state()
    forever, soon = bring(state, 10), bring(state, 5, expiry=Expiry(on=date(2026, 5, 1)))
    spend(state, Decimal(7), kind=Kind.REDEEM, facts=facts())
    assert (forever.left, soon.left, soon.spent) == (8, 0, 5)
    assert state.lots == [forever]


@pytest.mark.parametrize("points", [11, 15])
def test_promised_points_cannot_be_spent(points: int) -> None:
    state = new_state()
    bring(state, 10)
    bring(state, 5, opens_at=LATER)
    with pytest.raises(InsufficientPointsError):
        spend(state, Decimal(points), kind=Kind.REDEEM, facts=facts())
    assert (state.account.balance, state.account.promised, state.account.lifetime) == (10, 5, 10)


def test_a_return_takes_promised_points_first_then_its_own() -> None:
    state = new_state()
    bring(state, 10, bill=SALE, opens_at=LATER)
    own, other = bring(state, 20, bill=SALE), bring(state, 30, bill=OTHER, expiry=Expiry(on=date(2026, 5, 1)))
    assert returned(state, 15) == (5, 10, 0, 0, 0)
    assert (own.left, own.returned, other.left) == (15, 5, 30)
    assert (state.account.returned, state.account.promised_returned, state.account.lifetime) == (5, 10, 50)


def test_for_what_was_spent_other_lots_pay_down_to_the_floor() -> None:
    state = new_state()
    bring(state, 20, bill=SALE)
    spend(state, Decimal(20), kind=Kind.REDEEM, facts=facts())
    other = bring(state, 12, bill=OTHER)
    assert returned(state, 20) == (12, 0, 20, 8, 0)
    assert (state.account.balance, other.left, other.returned, other.spent) == (0, 0, 0, 12)


def test_below_zero_only_where_the_floor_is_there() -> None:
    state = new_state()
    bring(state, 20, bill=SALE)
    spend(state, Decimal(20), kind=Kind.REDEEM, facts=facts())
    bring(state, 12, bill=OTHER)
    state.account.floor = NO_FLOOR
    assert returned(state, 20) == (20, 0, 20, 0, 0)
    assert (state.account.balance, state.account.returned) == (-8, 20)


def test_what_earlier_returns_claimed_of_the_spent_is_not_claimed_again() -> None:
    state = new_state()
    bring(state, 20, bill=SALE)
    spend(state, Decimal(15), kind=Kind.REDEEM, facts=facts())
    bring(state, 100, bill=OTHER)
    assert returned(state, 10) == (10, 0, 5, 0, 0)
    assert returned(state, 10, claimed_spent=5) == (10, 0, 10, 0, 0)


def test_expired_points_are_not_charged() -> None:
    state = new_state()
    lot = bring(state, 20, bill=SALE)
    spend(state, Decimal(20), kind=Kind.EXPIRE, facts=facts())
    bring(state, 30, bill=OTHER)
    assert returned(state, 20) == (0, 0, 0, 0, 20)
    assert (lot.expired, state.account.balance) == (20, 30)
    assert state.entries[-1].explanation["lapsed"] == "20"


def test_a_reversal_gives_back_last_spent_first() -> None:
    state = new_state()
    soon, forever = bring(state, 5, expiry=Expiry(on=date(2026, 5, 1))), bring(state, 10)
    entry = spend(state, Decimal(8), kind=Kind.REDEEM, facts=facts())
    taken = [(soon, Decimal(5)), (forever, Decimal(3))]
    reversal, lapsed = reverse(state, entry, Decimal(4), taken=taken, facts=facts())
    assert (soon.left, forever.left, lapsed, reversal.reverses) == (1, 10, 0, entry)
    assert (state.account.redeemed, state.account.balance, state.account.lifetime) == (4, 11, 15)


def test_more_than_was_taken_cannot_come_back() -> None:
    state = new_state()
    lot = bring(state, 5)
    entry = spend(state, Decimal(5), kind=Kind.REDEEM, facts=facts())
    with pytest.raises(InsufficientPointsError):
        reverse(state, entry, Decimal(6), taken=[(lot, Decimal(5))], facts=facts())
    assert (lot.left, state.account.version) == (0, 2)


def test_what_comes_back_pays_a_debt_before_it_may_lapse() -> None:
    state = new_state()
    bring(state, 20, bill=SALE, expiry=Expiry(on=date(2026, 3, 1)))
    entry = spend(state, Decimal(20), kind=Kind.REDEEM, facts=facts())
    state.account.floor = NO_FLOOR
    returned(state, 8)
    assert state.account.balance == -8
    _, lapsed = reverse(state, entry, Decimal(20), taken=[(state.new_lots[0], Decimal(20))], facts=facts(LATER))
    assert (lapsed, state.account.balance, state.account.expired, state.lots) == (12, 0, 12, [])
