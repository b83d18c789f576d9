"""Bills that a till writes: made-up lines, and returns of its own sales."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

from demo.tills.model import ZERO, KnownCustomer

_GOODS: Final = (
    ("DECK-SHOE", "89.00"), ("WOOL-SOCK", "14.50"), ("OILSKIN", "189.95"), ("LANTERN", "42.25"), ("ROPE-10M", "23.99"),
    ("MUG-ENAMEL", "11.75"), ("BLANKET", "120.00"), ("POCKET-KNIFE", "34.49"), ("TIN-TEA", "8.20"), ("BUOY-BELL", "57.30"),
)  # fmt: skip
# Their codes.
SOLD: Final = frozenset(code for code, _ in _GOODS)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill."""

    item_code: str
    quantity: int
    rate: Decimal

    @property
    def amount(self) -> Decimal:
        """What the line costs."""
        return self.quantity * self.rate

    def sent(self, serial: int) -> dict[str, Any]:
        """The line as a till sends it."""
        return {
            "serial": serial,
            "item_code": self.item_code,
            "qty": self.quantity,
            "rate": str(self.rate),
            "value": str(self.amount),
            "amount": str(self.amount),
        }


@dataclass(slots=True)
class Sale:
    """An acknowledged sale of this till, which may be returned once."""

    number: str
    customer: KnownCustomer
    lines: Sequence[Line] = field(default_factory=tuple)

    @property
    def amount(self) -> Decimal:
        """What the bill costs."""
        return sum((line.amount for line in self.lines), ZERO)


def draw_lines(random: Random) -> list[Line]:
    """Lines of different goods."""
    goods = random.sample(_GOODS, random.choices((1, 2, 3, 5), (40, 30, 20, 10))[0])
    return [Line(code, random.choices((1, 2, 4), (80, 15, 5))[0], Decimal(rate)) for code, rate in goods]


def draw_return(random: Random, sale: Sale) -> tuple[dict[str, Any], Decimal]:
    """Fields of a whole return, of one by lines or of an amount, and the amount that it returns."""
    kind = random.choice(("FULL", "LINE_ITEM", "AMOUNT"))
    if kind == "LINE_ITEM":
        line = random.choice(sale.lines)
        return {"return_type": kind, "line_items": {"line_item": [line.sent(1)]}}, line.amount
    if kind == "AMOUNT":
        amount = (sale.amount / 3).quantize(Decimal("0.01"))
        return {"return_type": kind, "amount": str(amount)}, amount
    return {"return_type": kind}, sale.amount
