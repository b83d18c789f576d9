"""One bill, sent many times at once by its till: stored once, and every answer names it."""

from collections.abc import Callable

import pytest

from tests.proofs.shop import FULL, Item, Shop
from tests.races import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

COPIES = 20
ROUNDS = 25 if FULL else 2


@pytest.mark.parametrize("key", ["", "key"], ids=["by content", "by key"])
def test_copies_of_a_bill_are_one_bill(shop: Shop, prove_ledger: Callable[[], None], key: str) -> None:
    """Two tills have the same number by chance: each has a bill of its own."""
    customer = shop.register()

    def send(job: tuple[int, int]) -> Item:
        till, number = job
        return shop.sell(customer, 25, f"N-{number}", till=till, key=key and f"{key}-{number}")

    lanes = [[(lane % 2, number) for number in range(ROUNDS)] for lane in range(COPIES)]
    items = race(lanes, send)
    assert {item.code for item in items} == {600}
    ids: dict[tuple[int, int], set[int]] = {}
    for job, item in zip([job for lane in lanes for job in lane], items, strict=True):
        ids.setdefault(job, set()).add(item.content["id"])
    assert [len(named) for named in ids.values()] == [1] * (2 * ROUNDS)
    shown = [int(bill["id"]) for bill in shop.bills(customer)]
    assert sorted(shown) == sorted({bill_id for named in ids.values() for bill_id in named})
    assert len(shown) == 2 * ROUNDS
    assert shop.balance(customer) == 25 * 2 * ROUNDS
    prove_ledger()


def test_bills_that_register_their_customer_at_once_find_one(shop: Shop, prove_ledger: Callable[[], None]) -> None:
    """Each of two tills sends its own bill of a new customer, ten times at once."""
    person = {"mobile": "919812311111", "email": "mina@example.com", "firstname": "Mina"}
    items = race([[lane % 2] for lane in range(COPIES)], lambda till: shop.sell(person, 30, "N-1", till=till))
    assert {item.code for item in items} == {600}
    assert len({item.content["customer"]["user_id"] for item in items}) == 1
    assert len({item.content["id"] for item in items}) == 2
    customer = items[0].content["customer"]["user_id"]
    assert (len(shop.bills(customer)), shop.balance(customer)) == (2, 60)
    prove_ledger()
