"""Bills of customers with their points, for many customers at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Count, QuerySet

from engagement.bills.models import Bill, BillLine, PurchaseTotals
from engagement.points.balances import NO_BALANCE, NO_BALANCES, Balance, Balances, read_balances
from engagement.points.ledger.posting import AccountState
from engagement.points.models import BillPoints, PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ApplicablePrograms, load_catalog
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.paging import page_of_each
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPage:
    """A page of a customer's bills, and the number of all of them."""

    bills: list[Bill] = field(default_factory=list)
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
class PointsRead:
    """The points behind a read: the customers' balances, and what each bill counted for in their programs."""

    balances: Balances = NO_BALANCES
    applicable: Mapping[int, ApplicablePrograms] = field(default_factory=dict)
    programs: Mapping[int, Sequence[int]] = field(default_factory=dict)
    counts: Mapping[tuple[int, int], BillCount] = field(default_factory=dict)

    def balance_of(self, customer_id: int) -> Balance:
        """The balance at the till that reads."""
        programs = self.applicable.get(customer_id)
        return self.balances.applicable(customer_id, programs) if programs else NO_BALANCE

    def of_bill(self, bill_id: int, program_id: int) -> BillCount:
        """Points of the bill in the program; zeros if it did not count."""
        return self.counts.get((bill_id, program_id)) or BillCount(program_id=program_id)


def read_bills(
    customer_ids: Collection[int], rows: QuerySet[Bill], *, order: Sequence[str], limit: int, offset: int
) -> dict[int, BillPage]:
    """A page of the bills in `rows` for each customer, with their locations. One query."""
    own = rows.filter(is_any_of("customer_id", customer_ids, BigIntegerField())).select_related("store", "till")
    pages: dict[int, BillPage] = {}
    for bill in page_of_each(own, by="customer_id", order=order, limit=limit, offset=offset):
        length: int = bill.list_length  # type: ignore[attr-defined]  # annotated by page_of_each
        pages.setdefault(bill.customer_id or 0, BillPage(count=length)).bills.append(bill)
    return pages


def basket_sizes(bill_ids: Collection[int]) -> dict[int, int]:
    """The number of lines of each bill that has lines. One query."""
    lines = BillLine.objects.filter(is_any_of("bill_id", bill_ids, BigIntegerField()))
    return dict(lines.order_by().values("bill_id").annotate(size=Count("pk")).values_list("bill_id", "size"))


def lifetime_purchases(customer_ids: Collection[int]) -> dict[int, Decimal]:
    """The purchase total of each customer who has one. One query."""
    totals = PurchaseTotals.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    return dict(totals.values_list("customer_id", "amount"))


def read_points(
    customer_ids: Collection[int], bill_ids: Collection[int], *, organization: Organization, store: Store | None
) -> PointsRead:
    """The points of these customers and bills, after settling what is due. Eight queries.

    Call it outside a transaction that holds locks.
    """
    catalog = load_catalog()
    balances = read_balances(customer_ids, organization=organization)
    return PointsRead(
        balances=balances,
        applicable=catalog.programs_for_each(store, customer_ids),
        programs={pk: [current.program.pk for current, _ in balances.in_active_programs(pk, catalog)] for pk in customer_ids},
        counts=_bill_counts(bill_ids, balances, organization.zone),
    )


def _bill_counts(bill_ids: Collection[int], balances: Balances, zone: ZoneInfo) -> dict[tuple[int, int], BillCount]:
    of_bills = is_any_of("bill_id", bill_ids, BigIntegerField())
    counts: dict[tuple[int, int], BillCount] = {}
    dated: dict[int, DatedLot] = {}
    for points in BillPoints.objects.filter(of_bills).select_related("account"):
        key = (points.bill_id, points.account.program_id)
        counts[key] = BillCount(program_id=points.account.program_id, issued=points.issued, taken=points.taken)
    for lot in PointsLot.objects.filter(of_bills).select_related("account").order_by("pk"):
        account = AccountKey(lot.account.customer_id, lot.account.program_id)
        count = counts.get((lot.bill_id or 0, account.program_id))
        if count is None:
            continue
        state = balances.accounts.get(account)
        # The account may be settled in memory only.
        fresh = state.changed_lots.get(lot.pk, lot) if state else lot
        if lot.moved_from_id is not None:
            dated[lot.pk] = dated[lot.moved_from_id]
            dated[lot.pk].moved.append(fresh)
            continue
        membership = balances.memberships.get(account)
        tier_ends = membership.tier_expires_on if membership else None
        # For an account that a merge moved, the current account decides the last day.
        clock = AccountState(account=state.account if state else lot.account, zone=zone, tier_ends=tier_ends)
        dated[lot.pk] = DatedLot(lot=fresh, last_day=clock.last_day(fresh))
        count.lots.append(dated[lot.pk])
    return counts
