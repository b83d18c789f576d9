"""What did these customers buy, and what did it count for? Bills with their points, for many customers at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Count, QuerySet

from engagement.bills.models import Bill, BillLine, PurchaseTotals
from engagement.points.balances import NO_BALANCE, NO_BALANCES, Balance, Balances, read_balances
from engagement.points.bill_points import BillPoints
from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsLot
from engagement.programs.account_key import AccountKey
from engagement.programs.catalog import ApplicablePrograms, load_catalog
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.paging import page_of_each
from organizations.locations.models import Store
from organizations.tenancy.models import Organization

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPage:
    """Some of a customer's bills, in order, and how many there are in all."""

    bills: list[Bill] = field(default_factory=list)
    count: int = 0


@dataclass(slots=True, kw_only=True)
class DatedLot:
    """Points that a bill brought, with their last good day; None: they never expire.

    `moved` are the lots that merges have made of what was left of them.
    """

    lot: PointsLot
    last_day: date | None
    moved: list[PointsLot] = field(default_factory=list)

    def total(self, part: str, *, is_open: bool | None = None) -> Decimal:
        """What was `spent`, `returned`, `expired` or is `left` of them: of those that are open, or promised, or of all."""
        parts = [one for one in (self.lot, *self.moved) if is_open in {None, one.is_open}]
        return sum((getattr(one, part) for one in parts), ZERO)


@dataclass(slots=True, kw_only=True)
class BillCount:
    """What a bill counted for in a program. `taken` is what its returns took back, from wherever."""

    program_id: int
    issued: Decimal = ZERO
    taken: Decimal = ZERO
    lots: list[DatedLot] = field(default_factory=list)

    def total(self, part: str) -> Decimal:
        """The sum over the lots of `spent`, `returned`, `expired` or another of their parts."""
        return sum((one.total(part) for one in self.lots), ZERO)

    @property
    def last_day(self) -> date | None:
        """The day until which any of the points is good: of those that are left, else of all; None: for ever, or none."""
        dated = [one for one in self.lots if one.total("left")] or self.lots
        days = [one.last_day for one in dated]
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
        """What the bill counted for in the program; nothing where it did not count."""
        return self.counts.get((bill_id, program_id)) or BillCount(program_id=program_id)


def read_bills(
    customer_ids: Collection[int], rows: QuerySet[Bill], *, order: Sequence[str], limit: int, offset: int
) -> dict[int, BillPage]:
    """A page of the bills among `rows` for each customer, with their places: one query."""
    own = rows.filter(is_any_of("customer_id", customer_ids, BigIntegerField())).select_related("store", "till")
    pages: dict[int, BillPage] = {}
    for bill in page_of_each(own, by="customer_id", order=order, limit=limit, offset=offset):
        length: int = bill.list_length  # type: ignore[attr-defined]  # annotated by page_of_each
        pages.setdefault(bill.customer_id or 0, BillPage(count=length)).bills.append(bill)
    return pages


def basket_sizes(bill_ids: Collection[int]) -> dict[int, int]:
    """The number of lines of each bill that has any: one query."""
    lines = BillLine.objects.filter(is_any_of("bill_id", bill_ids, BigIntegerField()))
    return dict(lines.order_by().values("bill_id").annotate(size=Count("pk")).values_list("bill_id", "size"))


def lifetime_purchases(customer_ids: Collection[int]) -> dict[int, Decimal]:
    """What each customer bought in all, of those who ever did: one query."""
    totals = PurchaseTotals.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    return dict(totals.values_list("customer_id", "amount"))


def read_points(
    customer_ids: Collection[int], bill_ids: Collection[int], *, organization: Organization, store: Store | None
) -> PointsRead:
    """The points of these customers and of these bills of theirs, with what is due by now done: eight queries.

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
        # What was settled only in memory is not in the database yet.
        fresh = state.changed_lots.get(lot.pk, lot) if state else lot
        if lot.moved_from_id is not None:
            dated[lot.pk] = dated[lot.moved_from_id]
            dated[lot.pk].moved.append(fresh)
            continue
        membership = balances.memberships.get(account)
        tier_ends = membership.tier_expires_on if membership else None
        # Of an account that a merge moved, the one that counts tells the days.
        clock = AccountState(account=state.account if state else lot.account, zone=zone, tier_ends=tier_ends)
        dated[lot.pk] = DatedLot(lot=fresh, last_day=clock.last_day(fresh))
        count.lots.append(dated[lot.pk])
    return counts
