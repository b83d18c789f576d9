"""One till of a trading day: registers, sells, takes back, redeems and issues, and keeps its books by the answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any, Final

from demo.tills.client import Call, Item, Json, TillClient, UnexpectedAnswerError, UnsettledError
from demo.tills.journal import Journal
from demo.tills.model import Books, KnownBill, KnownCoupon, KnownCustomer, KnownRedemption
from demo.tills.people import invent_person
from demo.tills.sales import Sale, draw_lines, draw_return
from demo.tills.shops import Shops, TillAccount

_SUCCESS: Final = {"customer": 1000, "transaction": 600, "points": 800, "coupon": 700}
# Points may be gone, or too many for a day, by the time that the till asks for them.
_NO_POINTS: Final = frozenset({818, 819})
_NOT_AT_THIS_STORE, _USED = 735, 711


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What all tills of a day share.

    `run` makes the numbers and people of this day differ from those of other days. `counters` is the number of its tills.
    """

    url: str
    run: str
    seed: int
    shops: Shops
    books: Books
    journal: Journal
    lose_every: int
    counters: int
    regulars: list[KnownCustomer] = field(default_factory=list)


class Till:
    """A till with its connection. `counter` makes tills differ that share one account."""

    def __init__(self, day: Day, account: TillAccount, counter: int) -> None:
        self._day = day
        self._account = account
        self._counter = counter
        self._client = TillClient(day.url, account, day.journal, lose_every=day.lose_every)
        self._step = self._invented = 0
        self._customers: list[KnownCustomer] = []
        self._sales: list[Sale] = []
        self._redeemed: list[tuple[KnownCustomer, str]] = []
        self._coupons: list[tuple[KnownCustomer, str]] = []
        self._uses: list[tuple[KnownCustomer, str, str]] = []

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def register_regular(self) -> None:
        """Register a customer that all tills know."""
        self._do(lambda random: self._day.regulars.append(self._register(random)))

    def trade(self) -> None:
        """Make the next step, which the seed, the till and the step's number decide."""
        random = self._random(self._step)
        steps: Sequence[tuple[int, Callable[[Random], object]]] = (
            (8, self._register_newcomer), (34, self._sell), (6, self._sell_to_newcomer), (12, self._take_back),
            (12, self._redeem), (6, self._reverse), (6, self._issue_coupon), (6, self._redeem_coupon),
            (4, self._reactivate), (6, self._read),
        )  # fmt: skip
        self._do(random.choices([step for _, step in steps], [weight for weight, _ in steps])[0])

    def pause(self, mean: float) -> float:
        """Seconds until the next step."""
        return self._random(-self._step).expovariate(1 / mean) if mean else 0.0

    def _random(self, step: int) -> Random:
        return Random(f"{self._day.seed} {self._counter} {step}")  # noqa: S311 - repeatable on purpose

    def _do(self, step: Callable[[Random], object]) -> None:
        random = self._random(self._step)
        random.random()
        self._step += 1
        try:
            step(random)
        except (UnsettledError, UnexpectedAnswerError) as error:
            self._day.journal.mismatch(f"{self._account.code}: {error}")
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            self._day.journal.mismatch(f"{self._account.code}: an answer cannot be used: {error!r}")

    def _customer(self, random: Random) -> KnownCustomer:
        """A regular, or a customer of this till."""
        return random.choice(self._customers if self._customers and random.random() < 0.4 else self._day.regulars)

    def _number(self) -> str:
        return f"{self._day.run}-{self._counter}-{self._step}"

    def _now(self) -> datetime:
        return datetime.now(self._day.shops.zone)

    # --- customers and bills

    def _new_person(self, random: Random) -> Json:
        person = invent_person(random, run=self._day.run, number=self._invented * self._day.counters + self._counter)
        self._invented += 1
        wanted = bool(person.mobile) and random.random() < 0.6
        # The number may be a customer's of another day.
        free = wanted and self._ask("customer/get", {"mobile": person.mobile}).code == 1012
        return person.identifiers(with_mobile=free)

    def _register(self, random: Random) -> KnownCustomer:
        person = self._new_person(random)
        # With a key the answer that was lost comes again; without, the retry is answered as an update, which brings no points.
        item = self._send("customer/add", {"root": {"customer": [person]}}, key=True)
        customer, points = self._opened(item.content, person), _awarded(item.content)
        program = self._day.shops.program
        enrolment = program.enrolment if program else Decimal(0)
        self._day.journal.checked("points of a registration", enrolment, points, of=customer.name)
        with customer.lock:
            customer.awarded += points
        return customer

    def _opened(self, answered: Json, person: Json) -> KnownCustomer:
        return self._day.books.open(str(answered["user_id"]), f"{person['firstname']} {person['lastname']}")

    def _register_newcomer(self, random: Random) -> None:
        customer = self._register(random)
        self._customers.append(customer)

    def _sell(self, random: Random) -> None:
        customer = self._customer(random)
        self._bill(random, {"id": customer.user_id}, customer)

    def _sell_to_newcomer(self, random: Random) -> None:
        """A bill that registers its customer."""
        self._bill(random, self._new_person(random), None)

    def _bill(self, random: Random, reference: Json, customer: KnownCustomer | None) -> None:
        now, lines, number = self._now(), draw_lines(random), self._number()
        amount = sum((line.amount for line in lines), Decimal(0))
        bill = {
            "type": "REGULAR",
            "number": number,
            "amount": str(amount),
            "billing_time": f"{now:%Y-%m-%d %H:%M:%S}",
            "customer": reference,
            "line_items": {"line_item": [line.sent(serial) for serial, line in enumerate(lines, start=1)]},
        }
        item = self._send("transaction/add", {"root": {"transaction": [bill]}}, key=random.random() < 0.5)
        points = _awarded(item.content)
        published = self._published(amount, now, is_new=customer is None)
        if published is not None:
            self._day.journal.checked("points of a bill", published, points, of=f"bill {number}")
        if customer is None:
            customer = self._opened(item.content["customer"], reference)
            self._customers.append(customer)
        with customer.lock:
            customer.add_bill(str(item.content["id"]), KnownBill(number, "REGULAR", amount))
            customer.awarded += points
        self._sales.append(Sale(number, customer, lines))

    def _published(self, amount: Decimal, at: datetime, *, is_new: bool) -> Decimal | None:
        program = self._day.shops.program
        if program is None:
            return Decimal(0)
        points = program.published_points(amount, concept=self._account.concept, at=at)
        return None if points is None else points + (program.enrolment if is_new else 0)

    def _take_back(self, random: Random) -> None:
        if not self._sales:
            return self._sell(random)
        sale = self._sales.pop(random.randrange(len(self._sales)))
        kind, amount = draw_return(random, sale)
        own_number = self._number()
        given = {
            "type": "RETURN",
            "number": sale.number,
            "parent_bill_number": own_number,
            "billing_time": f"{self._now():%Y-%m-%d %H:%M:%S}",
            "customer": {"id": sale.customer.user_id},
            **kind,
        }
        item = self._send("transaction/add", {"root": {"transaction": [given]}}, key=random.random() < 0.5)
        with sale.customer.lock:
            sale.customer.add_bill(str(item.content["id"]), KnownBill(own_number, "RETURN", amount))
            sale.customer.taken += Decimal(item.content["points_deducted"])
        return None

    def _read(self, random: Random) -> None:
        customer = self._customer(random)
        item = self._ask("customer/get", {"id": customer.user_id, "user_id": "true"})
        self._day.journal.checked("customer read", customer.user_id, str(item.content["user_id"]), of=customer.name)

    # --- points

    def _redeem(self, random: Random) -> None:
        program = self._day.shops.program
        if program is None:
            return self._sell(random)
        customer = self._customer(random)
        with customer.lock:
            balance = customer.balance
        if balance < program.least_points and random.random() < 0.8:
            return self._bill(random, {"id": customer.user_id}, customer)
        unit = program.multiple_of
        least = -(-program.least_points // unit) * unit
        # A little more than there is, now and then.
        most = max(least, int(balance) // unit * unit + (unit if random.random() < 0.1 else 0))
        points = random.randrange(least, min(most, 10 * least) + 1, unit)
        asked = self._ask("points/isredeemable", {"id": customer.user_id, "points": str(points)})
        if asked.code not in {800, *_NO_POINTS}:
            raise UnexpectedAnswerError(f"points/isredeemable: {asked.content}")
        redeem = {
            "points_redeemed": points,
            "customer": {"id": customer.user_id},
            "transaction_number": "",
            "external_reference_number": self._number(),
        }
        body = {"root": {"redeem": [redeem]}}
        item = self._send("points/redeem", body, key=random.random() < 0.5, refusals=_NO_POINTS)
        if item.code in _NO_POINTS:
            return None
        code = item.content["redemption_id"]
        with customer.lock:
            customer.redemptions[code] = KnownRedemption(Decimal(points))
        self._redeemed.append((customer, code))
        return None

    def _reverse(self, random: Random) -> None:
        if not self._redeemed:
            return self._redeem(random)
        customer, code = self._redeemed.pop(random.randrange(len(self._redeemed)))
        spent = customer.redemptions[code].points
        points = spent if random.random() < 0.6 else Decimal(random.randint(1, int(spent)))
        reverse = {"redemption_id": code, "points": str(points), "external_reference_number": self._number()}
        self._send("points/reverse", {"root": {"reverse": [reverse]}}, key=random.random() < 0.5)
        with customer.lock:
            customer.redemptions[code].given_back += points
        return None

    # --- coupons

    def _issue_coupon(self, random: Random) -> None:
        if not self._day.shops.series:
            return
        customer, series = self._customer(random), random.choice(self._day.shops.series)
        issue = {
            "series_id": series.code,
            "customer": {"id": customer.user_id},
            "external_reference_number": self._number(),
        }
        item = self._send("coupon/issue", {"root": {"coupon": [issue]}}, key=random.random() < 0.5)
        code = item.content["code"]
        with customer.lock:
            customer.coupons[code] = KnownCoupon(series.code)
        self._coupons.append((customer, code))

    def _redeem_coupon(self, random: Random) -> None:
        if not self._coupons:
            return self._issue_coupon(random)
        customer, code = random.choice(self._coupons)
        coupon = customer.coupons[code]
        series = next(series for series in self._day.shops.series if series.code == coupon.series)
        used_up = bool(series.uses) and len(coupon.uses) >= series.uses
        elsewhere = bool(series.stores) and self._account.store not in series.stores
        refusals = {_USED} if used_up else {_NOT_AT_THIS_STORE} if elsewhere else set()
        redeem = {"code": code, "customer": {"id": customer.user_id}, "transaction": {"number": self._number(), "amount": "50"}}
        # Without a key, a call that arrives late would redeem again what was reactivated meanwhile.
        item = self._send("coupon/redeem", {"root": {"coupon": [redeem]}}, key=True, refusals=refusals, must_refuse=True)
        if item.code in refusals:
            return None
        use = item.content["redemptionId"]
        with customer.lock:
            coupon.uses.add(use)
        self._uses.append((customer, code, use))
        return None

    def _reactivate(self, random: Random) -> None:
        if not self._uses:
            return self._redeem_coupon(random)
        customer, code, use = self._uses.pop(random.randrange(len(self._uses)))
        self._send("coupon/reactivate", {"root": {"coupon": [{"redemption_id": use}]}}, key=random.random() < 0.5)
        coupon = customer.coupons[code]
        with customer.lock:
            coupon.uses.remove(use)
            coupon.taken_back.add(use)
        return None

    # --- calls

    def _ask(self, action: str, query: dict[str, str]) -> Item:
        return self._client.call(Call(action=action, query=query))

    def _send(
        self,
        action: str,
        body: Json,
        *,
        key: bool,
        refusals: "set[int] | frozenset[int]" = frozenset(),
        must_refuse: bool = False,
    ) -> Item:
        """Make a call that writes. Raises UnexpectedAnswerError if it is neither done nor refused with one of `refusals`."""
        item = self._client.call(Call(action=action, body=body, key=f"{self._number()}-{action}" if key else ""))
        allowed = set(refusals) if refusals and must_refuse else {_SUCCESS[action.partition("/")[0]], *refusals}
        if item.code not in allowed:
            raise UnexpectedAnswerError(f"{action} of {body} is answered {item.code}: {item.content.get('item_status')}")
        if item.code in refusals:
            self._day.journal.refused(action)
        return item


def _awarded(item: Json) -> Decimal:
    effects: list[dict[str, Any]] = item.get("side_effects", {}).get("effect", [])
    return sum((Decimal(effect["awarded_points"]) for effect in effects if effect.get("type") == "points"), Decimal(0))
