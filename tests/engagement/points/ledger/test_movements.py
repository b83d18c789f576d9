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


def state(**account: Any) -> AccountState:
    return AccountState(account=PointsAccount(organization_id=1, **account), zone=ZoneInfo("Asia/Kolkata"))


def bring(one: AccountState, points: int, **more: Any) -> PointsLot:
    award(one, Decimal(points), facts=facts(bill_id=more.pop("bill", None)), **more)
    return one.new_lots[-1]


def returned(one: AccountState, claim: int, *, claimed_spent: int = 0) -> tuple[int, ...]:
    """(taken, promised, spent, shortfall, lapsed) of a claim for the sale's points."""
    own = [lot for lot in one.new_lots if lot.bill_id == SALE]
    found: TakenBack = take_back(
        one, Decimal(claim), own=own, claimed_spent=Decimal(claimed_spent), facts=facts(bill_id=9, sale_id=SALE)
    )
    return tuple(int(part) for part in (found.taken, found.promised, found.spent, found.shortfall, found.lapsed))


def test_spending_takes_lots_in_their_order() -> None:
    one = state()
    forever, soon = bring(one, 10), bring(one, 5, expiry=Expiry(on=date(2026, 5, 1)))
    spend(one, Decimal(7), kind=Kind.REDEEM, facts=facts())
    assert (forever.left, soon.left, soon.spent) == (8, 0, 5)
    assert one.lots == [forever]


@pytest.mark.parametrize("points", [11, 15])
def test_promised_points_cannot_be_spent(points: int) -> None:
    one = state()
    bring(one, 10)
    bring(one, 5, opens_at=LATER)
    with pytest.raises(InsufficientPointsError):
        spend(one, Decimal(points), kind=Kind.REDEEM, facts=facts())
    assert (one.account.balance, one.account.promised, one.account.lifetime) == (10, 5, 10)


def test_a_return_takes_promised_points_first_then_its_own() -> None:
    one = state()
    bring(one, 10, bill=SALE, opens_at=LATER)
    own, other = bring(one, 20, bill=SALE), bring(one, 30, bill=OTHER, expiry=Expiry(on=date(2026, 5, 1)))
    assert returned(one, 15) == (5, 10, 0, 0, 0)
    assert (own.left, own.returned, other.left) == (15, 5, 30)
    assert (one.account.returned, one.account.promised_returned, one.account.lifetime) == (5, 10, 50)


def test_for_what_was_spent_other_lots_pay_down_to_the_floor() -> None:
    one = state()
    bring(one, 20, bill=SALE)
    spend(one, Decimal(20), kind=Kind.REDEEM, facts=facts())
    other = bring(one, 12, bill=OTHER)
    assert returned(one, 20) == (12, 0, 20, 8, 0)
    assert (one.account.balance, other.left, other.returned, other.spent) == (0, 0, 0, 12)


def test_below_zero_only_where_the_floor_is_there() -> None:
    one = state()
    bring(one, 20, bill=SALE)
    spend(one, Decimal(20), kind=Kind.REDEEM, facts=facts())
    bring(one, 12, bill=OTHER)
    one.account.floor = NO_FLOOR
    assert returned(one, 20) == (20, 0, 20, 0, 0)
    assert (one.account.balance, one.account.returned) == (-8, 20)


def test_what_earlier_returns_claimed_of_the_spent_is_not_claimed_again() -> None:
    one = state()
    bring(one, 20, bill=SALE)
    spend(one, Decimal(15), kind=Kind.REDEEM, facts=facts())
    bring(one, 100, bill=OTHER)
    assert returned(one, 10) == (10, 0, 5, 0, 0)
    assert returned(one, 10, claimed_spent=5) == (10, 0, 10, 0, 0)


def test_expired_points_are_not_charged() -> None:
    one = state()
    lot = bring(one, 20, bill=SALE)
    spend(one, Decimal(20), kind=Kind.EXPIRE, facts=facts())
    bring(one, 30, bill=OTHER)
    assert returned(one, 20) == (0, 0, 0, 0, 20)
    assert (lot.expired, one.account.balance) == (20, 30)
    assert one.entries[-1].explanation["lapsed"] == "20"


def test_a_reversal_gives_back_last_spent_first() -> None:
    one = state()
    soon, forever = bring(one, 5, expiry=Expiry(on=date(2026, 5, 1))), bring(one, 10)
    entry = spend(one, Decimal(8), kind=Kind.REDEEM, facts=facts())
    taken = [(soon, Decimal(5)), (forever, Decimal(3))]
    reversal, lapsed = reverse(one, entry, Decimal(4), taken=taken, facts=facts())
    assert (soon.left, forever.left, lapsed, reversal.reverses) == (1, 10, 0, entry)
    assert (one.account.redeemed, one.account.balance, one.account.lifetime) == (4, 11, 15)


def test_more_than_was_taken_cannot_come_back() -> None:
    one = state()
    lot = bring(one, 5)
    entry = spend(one, Decimal(5), kind=Kind.REDEEM, facts=facts())
    with pytest.raises(InsufficientPointsError):
        reverse(one, entry, Decimal(6), taken=[(lot, Decimal(5))], facts=facts())
    assert (lot.left, one.account.version) == (0, 2)


def test_what_comes_back_pays_a_debt_before_it_may_lapse() -> None:
    one = state()
    bring(one, 20, bill=SALE, expiry=Expiry(on=date(2026, 3, 1)))
    entry = spend(one, Decimal(20), kind=Kind.REDEEM, facts=facts())
    one.account.floor = NO_FLOOR
    returned(one, 8)
    assert one.account.balance == -8
    _, lapsed = reverse(one, entry, Decimal(20), taken=[(one.new_lots[0], Decimal(20))], facts=facts(LATER))
    assert (lapsed, one.account.balance, one.account.expired, one.lots) == (12, 0, 12, [])
