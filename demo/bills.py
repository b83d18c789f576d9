"""What do the customers of the demo buy? A year of bills and returns, invented, the same at every run but for the dates.

Every shop has its season: boats and tents sell in summer, wool before Christmas, and everything in January's sale.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Final

SEED: Final = 20_250_511
DAYS: Final = 365
_CENT: Final = Decimal("0.01")
_OUTFITTERS, _CABIN, _BOTH = "outfitters", "cabin", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill; `amount` is after discount."""

    item: str
    description: str
    quantity: int
    price: Decimal
    discount: Decimal

    @property
    def amount(self) -> Decimal:
        """What was paid for it."""
        return self.quantity * self.price - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBill:
    """A bill, or with `sale` (a number) a return of one, at the organization's wall time. `buyer` counts the customers."""

    buyer: int
    number: str
    till: str
    at: datetime
    lines: Sequence[Line]
    sale: str = ""

    @property
    def amount(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def discount(self) -> Decimal:
        """What was taken off."""
        return sum((line.discount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody who may buy: where and when they joined (wall time)."""

    till: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Item:
    code: str
    description: str
    price: str
    concept: str
    how_often: int
    season: Sequence[int] = ()


_SUMMER, _WINTER, _AUTUMN = (5, 6, 7, 8), (11, 12, 1, 2), (9, 10, 11)
_ITEMS: Final = (
    _Item("KAYAK-12", "Touring kayak, 12 ft", "1149", _OUTFITTERS, 1, _SUMMER),
    _Item("PADDLE-AL", "Paddle, aluminium", "89.50", _OUTFITTERS, 5, _SUMMER),
    _Item("PFD-M", "Buoyancy vest", "119", _OUTFITTERS, 4, _SUMMER),
    _Item("TENT-2P", "Tent for two", "329", _OUTFITTERS, 3, _SUMMER),
    _Item("BAG-0C", "Sleeping bag, down to 0 °C", "189", _OUTFITTERS, 4, _SUMMER),
    _Item("STOVE-G", "Gas stove", "64.90", _OUTFITTERS, 5, _SUMMER),
    _Item("BOOT-HK", "Hiking boots", "219", _OUTFITTERS, 8, _AUTUMN),
    _Item("SHELL-J", "Rain shell", "249", _OUTFITTERS, 8, _AUTUMN),
    _Item("PACK-45", "Backpack, 45 l", "174.50", _OUTFITTERS, 5),
    _Item("SOCK-MW", "Merino socks", "24.95", _BOTH, 18),
    _Item("BASE-TOP", "Merino base layer", "94", _OUTFITTERS, 9, _WINTER),
    _Item("SKI-WAX", "Ski wax", "18.50", _OUTFITTERS, 7, _WINTER),
    _Item("SNOWSHOE", "Snowshoes", "199", _OUTFITTERS, 4, _WINTER),
    _Item("LAMP-OIL", "Oil lamp", "59", _CABIN, 7, _AUTUMN),
    _Item("BLANKET-W", "Wool blanket", "149", _CABIN, 8, _WINTER),
    _Item("MUG-EN", "Enamel mug", "14.95", _BOTH, 20),
    _Item("KETTLE-EN", "Enamel kettle", "54", _CABIN, 7),
    _Item("YARN-50", "Yarn, 50 g", "11.25", _CABIN, 16, _AUTUMN),
    _Item("CANDLE-BW", "Beeswax candles", "22", _CABIN, 12, _WINTER),
    _Item("CHAIR-AD", "Veranda chair", "289", _CABIN, 2, _SUMMER),
    _Item("HAMMOCK", "Hammock", "129", _CABIN, 3, _SUMMER),
    _Item("KNIFE-FD", "Folding knife", "72", _BOTH, 5),
    _Item("MAP-NS", "Trail map", "19.95", _BOTH, 8, _SUMMER),
    _Item("GIFT-CARD", "Card with envelope", "5.50", _BOTH, 9),
)
# How much is sold in a month, January first.
_MONTHS: Final = (9, 5, 5, 6, 8, 10, 11, 9, 7, 8, 11, 17)
_IN_SEASON: Final = 3
_CONCEPTS: Final[Mapping[str, str]] = {
    "harbour.lunenburg1": _CABIN,
    "harbour.lunenburg2": _CABIN,
    "harbour.quebec1": _CABIN,
    "harbour.quebec2": _CABIN,
    "harbour.web1": _BOTH,
    "harbour.app1": _BOTH,
}
_ONLINE: Final = ("harbour.web1", "harbour.app1")
# Nobody at all, now and then, regularly, all the time: how many bills a year, and how many such customers there are.
_HABITS: Final = (((0, 0), 22), ((1, 3), 42), ((3, 8), 26), ((8, 20), 10))


def demo_bills(buyers: Sequence[Buyer], *, now: datetime) -> list[DemoBill]:
    """The bills and returns of the year before `now` (wall time), the earliest first; nobody buys before they joined."""
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    unnumbered = sorted(
        (bill for place, buyer in enumerate(buyers) for bill in _sales(place, buyer, now, random)), key=lambda bill: bill.at
    )
    sales = [replace(bill, number=f"{number:06}") for number, bill in enumerate(unnumbered, start=1)]
    returns = [come_back for sale in sales if (come_back := _return(sale, now, random)) is not None]
    return sorted([*sales, *returns], key=lambda bill: bill.at)


def _sales(place: int, buyer: Buyer, now: datetime, random: Random) -> Iterator[DemoBill]:
    """What one customer buys: the habit holds for a year, and for less in proportion."""
    low, high = random.choices([bounds for bounds, _ in _HABITS], [how_many for _, how_many in _HABITS])[0]
    for _ in range(random.randint(low, high)):
        day = _day(now, random)
        at = datetime(day.year, day.month, day.day, random.randint(9, 20), random.randint(0, 59), random.randint(0, 59))  # noqa: DTZ001 - wall time
        till = buyer.till if random.random() < 0.85 else random.choice(_ONLINE)
        lines = list(_lines(till, at, random))
        if buyer.since < at < now:
            yield DemoBill(buyer=place, number="", till=till, at=at, lines=lines)


def _day(now: datetime, random: Random) -> datetime:
    """A day of the last year: rather in a good month, rather at a weekend."""
    while True:
        day = now - timedelta(days=random.randrange(DAYS))
        weight = _MONTHS[day.month - 1] * (1.6 if day.weekday() >= 5 else 1)
        if random.random() * max(_MONTHS) * 1.6 < weight:
            return day


def _lines(till: str, at: datetime, random: Random) -> Iterator[Line]:
    concept = _CONCEPTS.get(till, _OUTFITTERS)
    items = [item for item in _ITEMS if _BOTH in {item.concept, concept} or item.concept == concept]
    weights = [item.how_often * (_IN_SEASON if at.month in item.season else 1) for item in items]
    is_sale = at.month == 1
    for item in dict.fromkeys(random.choices(items, weights, k=random.choices((1, 2, 3, 4), (42, 32, 17, 9))[0])):
        price = Decimal(item.price)
        quantity = random.choices((1, 2, 3), (80, 15, 5))[0] if price < 100 else 1
        percent = 20 if is_sale else random.choices((0, 10), (90, 10))[0]
        discount = (quantity * price * percent / 100).quantize(_CENT, ROUND_HALF_UP)
        yield Line(item=item.code, description=item.description, quantity=quantity, price=price, discount=discount)


def _return(sale: DemoBill, now: datetime, random: Random) -> DemoBill | None:
    """Now and then a line comes back within a month."""
    chance, line = random.random(), random.choice(sale.lines)
    at = sale.at + timedelta(days=random.randint(1, 28), minutes=random.randint(0, 59))
    if chance > 0.04 or at >= now:
        return None
    return replace(sale, number=f"R{sale.number}", at=at, lines=[line], sale=sale.number)
