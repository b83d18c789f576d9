"""Bills and returns of the demo's customers: one invented year, the same at every run but for the dates.

Sales have seasons: boats and tents in summer, wool before Christmas, everything in January's sale.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from customers.profile.models import Customer
from demo.progress import Report, no_report
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.models import Bill
from engagement.points.settlement import settle_due
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.locations.models import Till
from referrals.campaigns.catalog import load_campaigns
from use_cases.purchases import record_purchases

SEED: Final = 20_250_512
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
        """The price after discount."""
        return self.quantity * self.price - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBill:
    """A bill at the organization's wall time; with `sale` (a bill number) a return. `buyer` is an index of the buyers."""

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
        """The sum of the discounts."""
        return sum((line.discount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer who may buy: the till and the moment of registration (wall time)."""

    till: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Item:
    code: str
    description: str
    price: str
    concept: str
    weight: int
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
# What buyers of an item often take with it: the structure that the recommender finds.
TOGETHER: Final[Mapping[str, Sequence[str]]] = {
    "KAYAK-12": ("PADDLE-AL", "PFD-M"),
    "TENT-2P": ("BAG-0C", "STOVE-G"),
    "BOOT-HK": ("SOCK-MW",),
    "SNOWSHOE": ("BASE-TOP",),
    "LAMP-OIL": ("CANDLE-BW",),
    "KETTLE-EN": ("MUG-EN",),
}
_TAKEN_ALONG: Final = 0.6
# Relative sales by month, January first.
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
# Tills where customers of other shops buy when they travel.
_ELSEWHERE: Final = ("harbour.till1", "harbour.lunenburg1", "harbour.quebec1", "harbour.toronto1", "harbour.vancouver1")
# Bills a year (at least, at most), and the share of such customers in percent.
_HABITS: Final = (((0, 0), 22), ((1, 3), 42), ((3, 8), 26), ((8, 20), 10))


def demo_bills(buyers: Sequence[Buyer], *, now: datetime, first_number: int = 1) -> list[DemoBill]:
    """Bills and returns of the year before `now` (wall time), the earliest first; none before the buyer registered."""
    random = Random(SEED + first_number - 1)  # noqa: S311 - repeatable on purpose
    unnumbered = sorted(
        (bill for index, buyer in enumerate(buyers) for bill in _sales(index, buyer, now, random)), key=lambda bill: bill.at
    )
    sales = [replace(bill, number=f"{number:06}") for number, bill in enumerate(unnumbered, start=first_number)]
    returns = [returned for sale in sales if (returned := _return(sale, now, random)) is not None]
    return sorted([*sales, *returns], key=lambda bill: bill.at)


def record_demo_bills(customers: Sequence[Customer], *, by: Actor, report: Report = no_report) -> int:
    """Record a year of bills and returns of these customers, in the transaction of the caller; the number of bills.

    `report` is called with the number of bills as it grows.

    They are recorded as by an import: a month at a time, each bill as of its own moment. What fell due in that year is settled.
    Raises the `LoyaltyError` of a bill that is refused.
    """
    tills = {till.code: till for till in Till.objects.select_related("store")}
    codes = {till.pk: code for code, till in tills.items()}
    configuration, now, zone = current_configuration(), clock.now(), by.organization.zone
    catalog, campaigns = configuration.part(load_catalog), configuration.part(load_campaigns)
    buyers = [Buyer(codes[customer.registered_till_id or 0], _wall(customer.registered_on, zone)) for customer in customers]
    # The bills of other customers, who were loaded earlier, have the numbers before.
    bills = demo_bills(buyers, now=_wall(now, zone), first_number=Bill.objects.count() + 1)
    recorded = 0
    report("Recording bills", recorded, len(bills))
    for _, month in groupby(bills, key=lambda bill: (bill.at.year, bill.at.month)):
        drafts = [_bill_draft(bill, customer=customers[bill.buyer], till=tills[bill.till]) for bill in month]
        for result in record_purchases(drafts, catalog=catalog, campaigns=campaigns, by=by, now=now, is_history=True):
            if isinstance(result, LoyaltyError):
                raise result
        recorded += len(drafts)
        report("Recording bills", recorded, len(bills))
    report("Settling the points that are due", 0, 0)
    for _ in settle_due(by.organization):
        pass
    return len(bills)


def _sales(index: int, buyer: Buyer, now: datetime, random: Random) -> Iterator[DemoBill]:
    """The sales of one customer, without numbers. Those from before the registration are left out."""
    low, high = random.choices([bounds for bounds, _ in _HABITS], [share for _, share in _HABITS])[0]
    for _ in range(random.randint(low, high)):
        day = _day(now, random)
        at = datetime(day.year, day.month, day.day, random.randint(9, 20), random.randint(0, 59), random.randint(0, 59))  # noqa: DTZ001 - wall time
        till = _till(buyer, random)
        lines = list(_lines(till, at, random))
        if buyer.since < at < now:
            yield DemoBill(buyer=index, number="", till=till, at=at, lines=lines)


def _till(buyer: Buyer, random: Random) -> str:
    """Mostly the till where the buyer registered; else the web shop or the app, or a shop of another town."""
    draw = random.random()
    return buyer.till if draw < 0.83 else random.choice(_ONLINE if draw < 0.95 else _ELSEWHERE)


def _day(now: datetime, random: Random) -> datetime:
    """A random day of the last year; more likely in a month of good sales, or at a weekend."""
    while True:
        day = now - timedelta(days=random.randrange(DAYS))
        weight = _MONTHS[day.month - 1] * (1.6 if day.weekday() >= 5 else 1)
        if random.random() * max(_MONTHS) * 1.6 < weight:
            return day


def _lines(till: str, at: datetime, random: Random) -> Iterator[Line]:
    concept = _CONCEPTS.get(till, _OUTFITTERS)
    items = [item for item in _ITEMS if _BOTH in {item.concept, concept} or item.concept == concept]
    weights = [item.weight * (_IN_SEASON if at.month in item.season else 1) for item in items]
    is_sale = at.month == 1
    chosen = random.choices(items, weights, k=random.choices((1, 2, 3, 4), (42, 32, 17, 9))[0])
    along = [code for item in chosen for code in TOGETHER.get(item.code, ()) if random.random() < _TAKEN_ALONG]
    for item in dict.fromkeys([*chosen, *(item for item in items if item.code in along)]):
        price = Decimal(item.price)
        quantity = random.choices((1, 2, 3), (80, 15, 5))[0] if price < 100 else 1
        percent = 20 if is_sale else random.choices((0, 10), (90, 10))[0]
        discount = (quantity * price * percent / 100).quantize(_CENT, ROUND_HALF_UP)
        yield Line(item=item.code, description=item.description, quantity=quantity, price=price, discount=discount)


def _return(sale: DemoBill, now: datetime, random: Random) -> DemoBill | None:
    """A return of one line within a month, for a few sales; else None."""
    chance, line = random.random(), random.choice(sale.lines)
    at = sale.at + timedelta(days=random.randint(1, 28), minutes=random.randint(0, 59))
    if chance > 0.04 or at >= now:
        return None
    return replace(sale, number=f"R{sale.number}", at=at, lines=[line], sale=sale.number)


def _bill_draft(bill: DemoBill, *, customer: Customer, till: Till) -> BillDraft:
    return BillDraft(
        type=Bill.Type.RETURN if bill.sale else Bill.Type.REGULAR,
        customer_id=customer.pk,
        number=bill.number,
        billed_at=from_wall(bill.at, till.organization.zone),
        amount=bill.amount,
        gross_amount=bill.amount + bill.discount,
        discount=bill.discount,
        till=till,
        store=till.store,
        lines=[_line_draft(line, is_return=bool(bill.sale)) for line in bill.lines],
        return_type=Bill.ReturnType.LINE_ITEM if bill.sale else "",
        sale_number=bill.sale,
    )


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _line_draft(line: Line, *, is_return: bool) -> LineDraft:
    return LineDraft(
        item_code=line.item,
        description=line.description,
        quantity=Decimal(line.quantity),
        rate=line.price,
        value=line.quantity * line.price,
        discount=line.discount,
        amount=None if is_return else line.amount,
    )
