"""Bills and their points as customer/transactions reads them (docs/protocol.md 4.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from engagement.bills.models import Bill
from engagement.points.balances import NO_BALANCE, Balance
from engagement.points.models import PointsLot
from organizations.locations.names import LocationName

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class ListedBill:
    """A bill with its store and the number of its lines."""

    bill: Bill
    store: LocationName | None
    basket_size: int


@dataclass(frozen=True, slots=True)
class BillPage:
    """A page of a customer's bills, and the number of all of them."""

    bills: Sequence[ListedBill] = ()
    count: int = 0


@dataclass(slots=True, kw_only=True)
class DatedLot:
    """The lot of an award with its last valid day, None without expiry, and the lots that merges moved it to (`moved`)."""

    lot: PointsLot
    last_day: date | None
    moved: list[PointsLot] = field(default_factory=list)

    def total(self, part: str, *, is_open: bool | None = None) -> Decimal:
        """The sum of a column (`spent`, `returned`, `expired`, `left`), of open lots, promised lots, or all."""
        lots = [lot for lot in (self.lot, *self.moved) if is_open in {None, lot.is_open}]
        return sum((getattr(lot, part) for lot in lots), ZERO)


@dataclass(slots=True, kw_only=True)
class BillCount:
    """Points of a bill in a program. `taken` are those that its returns took back, from any lot."""

    program_id: int
    issued: Decimal = ZERO
    taken: Decimal = ZERO
    lots: list[DatedLot] = field(default_factory=list)

    def total(self, part: str) -> Decimal:
        """The sum of a column over the lots."""
        return sum((lot.total(part) for lot in self.lots), ZERO)

    @property
    def last_day(self) -> date | None:
        """The last valid day of the points that are left, else of all; None without expiry or without points."""
        lots = [lot for lot in self.lots if lot.total("left")] or self.lots
        days = [lot.last_day for lot in lots]
        return max((day for day in days if day is not None), default=None) if None not in days else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPoints:
    """A customer's balance at the till that reads, their active programs, and what their bills counted for in programs."""

    balance: Balance = NO_BALANCE
    programs: Sequence[int] = ()
    counts: Mapping[tuple[int, int], BillCount] = field(default_factory=dict)

    def of_bill(self, bill_id: int, program_id: int) -> BillCount:
        """Points of the bill in the program; zeros if it did not count."""
        return self.counts.get((bill_id, program_id)) or BillCount(program_id=program_id)


NO_POINTS: Final = CustomerPoints()
