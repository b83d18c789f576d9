"""More tries than there is: points and coupons of one customer, asked for by many tills at once."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.proofs.shop import FULL, Shop
from tests.races import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LANES = 20
POINTS, REDEEMS = (500, 10_000) if FULL else (10, 60)
COUPON_TRIES = 200 if FULL else 30


def in_lanes(tries: int) -> list[range]:
    return [range(lane, tries, LANES)[: tries // LANES] for lane in range(LANES)]


def test_exactly_the_covered_redeems_succeed(shop: Shop, prove_ledger: Callable[[], None]) -> None:
    customer = shop.register()
    assert shop.sell(customer, POINTS, "S-1").code == 600
    codes = race(in_lanes(REDEEMS), lambda number: shop.redeem(customer, 1, f"R-{number}", till=number).code)
    assert Counter(codes) == {800: POINTS, 818: REDEEMS - POINTS}
    assert shop.balance(customer) == 0
    shown = shop.redemptions(customer)["points"]["point"]
    assert len({row["external_reference_number"] for row in shown}) == len(shown) == POINTS
    prove_ledger()


@pytest.mark.parametrize("key", ["", "key"], ids=["by content", "by key"])
def test_a_redeem_sent_by_many_at_once_spends_once(shop: Shop, prove_ledger: Callable[[], None], key: str) -> None:
    customer = shop.register()
    assert shop.sell(customer, 100, "S-1").code == 600
    items = race([[0]] * LANES, lambda till: shop.redeem(customer, 40, "R-1", till=till, key=key))
    assert {item.code for item in items} == {800}
    assert len({item.content["redemption_id"] for item in items}) == 1
    assert shop.balance(customer) == 60
    prove_ledger()


def test_a_coupon_for_one_use_is_used_once(shop: Shop) -> None:
    customer = shop.register()
    coupon = shop.issue(customer, "SINGLE")
    tries = [range(lane, COUPON_TRIES, 10) for lane in range(10)]
    codes = race(tries, lambda number: shop.use(customer, coupon, f"B-{number}", till=number).code)
    assert Counter(codes) == {700: 1, 711: COUPON_TRIES - 1}
    (use,) = shop.redemptions(customer)["coupons"]["coupon"]
    assert use["code"] == coupon
