"""Tills that write at random, repeat what was not answered, and note everything in a history."""

import http.client
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from threading import Event
from typing import TypedDict

from tests.proofs.history import Entry, History, Kind, Outcome, Row, Shown
from tests.proofs.shop import Item, Shop

# Refusals for the moment: the same call is made again.
_BUSY = frozenset({429, 500, 502, 503, 504, 521, 10001, 10002})
_DONE = frozenset({600, 700, 800})
# What may be refused for good: a redemption of more points than the customer has left.
REFUSALS = frozenset({818})
_PAUSE = 0.05
_PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with a coupon that may be used any number of times."""

    user_id: str
    coupon: str


def open_customers(shop: Shop, how_many: int) -> list[Customer]:
    customers = [shop.register() for _ in range(how_many)]
    return [Customer(customer, shop.issue(customer, "OFTEN")) for customer in customers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Tills that write. Every second till of those that `may_give_up` sends nothing again whose answer got lost."""

    shop: Shop
    customers: list[Customer]
    history: History
    seed: int
    may_give_up: bool = False
    ended: Event = field(default_factory=Event)

    def run(self, *, tills: int, steps: int) -> None:
        """Let each till make so many steps, or fewer if `ended` is set."""
        with ThreadPoolExecutor(tills) as pool:
            for done in [pool.submit(self._trade, till, steps) for till in range(tills)]:
                done.result()

    def _trade(self, till: int, steps: int) -> None:
        random = Random(f"{self.seed} {till}")
        sales: list[tuple[str, str]] = []
        for step in range(steps):
            if self.ended.is_set():
                return
            self._step(random, sales, f"{till}-{step}", till)

    def _step(self, random: Random, sales: list[tuple[str, str]], reference: str, till: int) -> None:
        """One write. `sales` are those of the till that were not returned, with their customers."""
        customer = random.choice(self.customers)
        user_id = customer.user_id
        kind = random.choices(list(Kind), [50, 12, 26, 12])[0]
        amount, points = Decimal(random.randint(100, 9999)) / 100, Decimal(random.randint(1, 60))
        sent = _Sent(till=till, key=f"key-{reference}" if random.random() < 0.5 else "")
        patience = 0.0 if self.may_give_up and till % 2 else _PATIENCE
        if kind is Kind.RETURN and sales:
            user_id, sale = sales.pop()
            entry = self.history.invoke(kind, user_id, reference)
            _settle(entry, lambda: self.shop.take_back(user_id, sale, reference, **sent), patience)
        elif kind is Kind.REDEMPTION:
            entry = self.history.invoke(kind, user_id, reference, points)
            _settle(entry, lambda: self.shop.redeem(user_id, points, reference, **sent), patience)
        elif kind is Kind.COUPON_USE:
            entry = self.history.invoke(kind, user_id, reference)
            _settle(entry, lambda: self.shop.use(user_id, customer.coupon, reference, **sent), patience)
        else:
            entry = self.history.invoke(Kind.SALE, user_id, reference, amount)
            _settle(entry, lambda: self.shop.sell(user_id, amount, reference, **sent), patience)
            if entry.outcome is Outcome.ACKNOWLEDGED:
                sales.append((user_id, reference))


class _Sent(TypedDict):
    """Who sends a call, and its key."""

    till: int
    key: str


def _settle(entry: Entry, call: Callable[[], Item], patience: float) -> None:
    """Make the call until it is answered for good; with a patience of 0 once."""
    begun = time.monotonic()
    while True:
        entry.attempts += 1
        try:
            item = call()
        # What is cut off in the middle is no JSON.
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            pass
        else:
            if item.code in _DONE:
                return entry.acknowledge(_named(entry.kind, item), item.code)
            if item.code not in _BUSY:
                return entry.refuse(item.code)
            entry.code = item.code
        if time.monotonic() - begun >= patience:
            return None
        time.sleep(_PAUSE)


def _named(kind: Kind, item: Item) -> str:
    return str(item.content[{Kind.REDEMPTION: "redemption_id", Kind.COUPON_USE: "redemptionId"}.get(kind, "id")])


def read_all(shop: Shop, customers: list[Customer]) -> dict[str, Shown]:
    """What the server shows of these customers."""
    return {customer.user_id: _read(shop, customer.user_id) for customer in customers}


def _read(shop: Shop, user_id: str) -> Shown:
    redemptions = shop.redemptions(user_id)
    rows = [
        Row(
            kind=Kind.RETURN if bill["type"] == "RETURN" else Kind.SALE,
            reference=bill["number"],
            shown_id=bill["id"],
            amount=Decimal(bill["amount"]),
            points=Decimal(bill["points"]["issued"]),
            points_taken=Decimal(bill["points"]["returnedPointsOnBill"]),
        )
        for bill in shop.bills(user_id)
    ]
    rows += [
        Row(
            kind=Kind.REDEMPTION,
            reference=row["external_reference_number"],
            shown_id=row["redemption_id"],
            amount=Decimal(row["points_redeemed"]),
        )
        for row in redemptions["points"]["point"]
    ]
    rows += [
        Row(kind=Kind.COUPON_USE, reference=row["transaction_number"], shown_id=row["id"])
        for row in redemptions["coupons"]["coupon"]
    ]
    return Shown(balance=shop.balance(user_id), rows=rows)
