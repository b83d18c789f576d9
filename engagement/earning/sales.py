"""Sales as earning rules see them, and the part of a sale that a rule looks at (docs/organization-file.md, `earning`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from engagement.numbers.money import round_money
from engagement.numbers.rounding import share
from engagement.programs.earning_rules import LineConditions, SegmentPart

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """A sold line: its position on the bill, item, quantity, amount after discount, and attributes by name.

    An outlier earns nothing.
    """

    position: int
    item_code: str
    quantity: Decimal
    amount: Decimal
    attributes: Mapping[str, str] = field(default_factory=dict)
    is_outlier: bool = False


class Given(NamedTuple):
    """Points that a rule gave a customer before, on the billing day and in its month, before returns."""

    day: Decimal = ZERO
    month: Decimal = ZERO


NOTHING_GIVEN = Given()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A sale as earning rules see it: amount after discount, day in the organization's zone, codes of the place, tier's name.

    `is_promoted` is False if the customer's status label forbids promotional points. `given` is what each rule with a cap over
    time gave before, by the rule's name.
    """

    amount: Decimal
    day: date
    currency: str = ""
    store: str = ""
    zone: str = ""
    concept: str = ""
    tier: str = ""
    is_promoted: bool = True
    lines: tuple[SaleLine, ...] = ()
    born_on: date | None = None
    segments: frozenset[SegmentPart] = frozenset()
    given: Mapping[str, Given] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a rule looks at of a sale: an amount of money and a quantity, of the whole bill or of the lines at `positions`."""

    amount: Decimal
    quantity: Decimal
    positions: tuple[int, ...] = ()


def base_of(conditions: LineConditions, sale: Sale) -> Base:
    """The base of a rule. With conditions on lines it is the bill's amount x (amount of these lines / of all lines).

    It is rounded half up to the currency, and 0 if no line matches or the matching ones cost nothing. Lines that are outliers
    match no rule, not even one without conditions.
    """
    usual = tuple(line for line in sale.lines if not line.is_outlier)
    if not conditions and len(usual) == len(sale.lines):
        return Base(amount=sale.amount, quantity=_quantity(sale.lines))
    matching = tuple(line for line in usual if conditions.match(line.item_code, line.attributes)) if conditions else usual
    part, whole = _amount(matching), _amount(sale.lines)
    return Base(
        amount=round_money(share(sale.amount, part, whole), sale.currency) if part else ZERO,
        quantity=_quantity(matching),
        positions=tuple(line.position for line in matching),
    )


def credited_on(day: date, delay_days: int) -> date:
    """The first day on which points of a bill of `day` may be spent: the morning after the delay."""
    return day + timedelta(days=delay_days + 1) if delay_days else day


def _amount(lines: tuple[SaleLine, ...]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)


def _quantity(lines: tuple[SaleLine, ...]) -> Decimal:
    return sum((line.quantity for line in lines), ZERO)
