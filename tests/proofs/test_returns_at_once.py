"""A return at the same time as a redemption, as another return, or as the expiry of its points: the sums hold."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import time_machine

from loyalty_project import clock
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.locations import TILL_PASSWORD
from tests.proofs.shop import FULL, Item, Shop
from tests.races import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 100 if FULL else 3


def at_once(*calls: Callable[[], Item]) -> list[Item]:
    return race([[call] for call in calls], lambda call: call())


def test_a_return_and_a_redeem_share_what_there_is(shop: Shop, prove_ledger: Callable[[], None]) -> None:
    for number in range(ROUNDS):
        customer = shop.register()
        assert shop.sell(customer, 100, f"S-{number}").code == 600
        back, spent = at_once(
            partial(shop.take_back, customer, f"S-{number}", f"T-{number}"),
            partial(shop.redeem, customer, 80, f"R-{number}", till=2),
        )
        assert back.code == 600
        taken = back.content["points_deducted"]
        assert (spent.code, taken) in {(800, 20), (818, 100)}
        assert shop.balance(customer) == 0
        (sale,) = [bill for bill in shop.bills(customer) if bill["type"] == "REGULAR"]
        assert int(sale["returned_points_on_bill"]) == taken
        assert shop.figures(customer)["lifetime_purchases"] == 0
    prove_ledger()


def test_two_returns_of_a_sale_take_it_back_once(shop: Shop, prove_ledger: Callable[[], None]) -> None:
    for number in range(ROUNDS):
        customer = shop.register()
        assert shop.sell(customer, 100, f"S-{number}").code == 600
        backs = [partial(shop.take_back, customer, f"S-{number}", f"T-{till}-{number}", till=till) for till in range(3)]
        returns = at_once(*backs)
        assert sorted(item.code for item in returns) == [600, 633, 633]
        assert (shop.balance(customer), len(shop.bills(customer))) == (0, 2)
    prove_ledger()


def sell_long_ago(organization: Organization, customer: str, amount: int, number: str) -> None:
    """A sale whose points were good for thirty days, until the day before yesterday: nobody has looked since."""
    body = {"root": {"transaction": [{"number": number, "amount": amount, "customer": {"id": customer}}]}}
    with time_machine.travel(clock.now() - timedelta(days=32)), organization_scope(organization):
        answer = Api(Till(code="blr.till1"), TILL_PASSWORD).call("POST", "add", body=body, entity="transaction")
    assert answer.response["transactions"]["transaction"][0]["item_status"]["code"] == 600


def test_a_return_and_an_expiry_take_points_once(shop: Shop, northwind: Organization, prove_ledger: Callable[[], None]) -> None:
    for number in range(ROUNDS):
        customer = shop.register()
        sell_long_ago(northwind, customer, 100, f"S-{number}")
        has_others = number % 2 == 1
        if has_others:
            assert shop.sell(customer, 30, f"N-{number}").code == 600
        back, spent, refused = at_once(
            partial(shop.take_back, customer, f"S-{number}", f"T-{number}"),
            partial(shop.redeem, customer, 30, f"R-{number}", till=2),
            partial(shop.redeem, customer, 31, f"Q-{number}", till=3),
        )
        # The points of the sale have expired: they count as taken back, and no others are taken for them.
        assert (back.code, back.content["points_deducted"]) == (600, 0)
        assert (spent.code, refused.code) == (800 if has_others else 818, 818)
        assert shop.balance(customer) == 0
        (sale,) = [bill for bill in shop.bills(customer) if bill["number"] == f"S-{number}" and bill["type"] == "REGULAR"]
        assert (sale["points"]["issued"], sale["points"]["expired"]) == ("100", "100")
    prove_ledger()
