"""How is a bill recorded, once and for ever? Its identity, its lines, what it returns, and the customer's purchases.

What it earns is a step of its own (`engagement.earning.awarding`), which can be repeated without the bill.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zlib import crc32

from django.db.models import BigIntegerField, CharField, DateField, Q

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.codes import BillCode
from engagement.bills.draft import BillDraft, Identity, LineDraft, check_draft, content_of, identity_of
from engagement.bills.models import ANONYMOUS, RETURNS, Bill, BillLine, PurchaseTotals
from engagement.bills.returns import Portion, choose_sale, portion_of, take_portion
from loyalty_project.db.locks import lock, lock_numbers
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import draw_ids, give_ids, insert_rows, update_rows
from loyalty_project.faults import Point, reach
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.audit.actors import Actor
from organizations.policies import Policy
from organizations.tenancy.models import Organization

ZERO = Decimal(0)
_BILL_LOCKS = 1 << 61
_STRIPES = 256


@dataclass(slots=True, kw_only=True)
class RecordedBill:
    """What became of a draft: its bill, stored before or now; of a return, the sale it brings back, where there is one."""

    bill: Bill
    sale: Bill | None = None
    is_new: bool = True
    notices: list[Notice] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Batch:
    """The bills that a batch may meet, as they are after the drafts worked so far."""

    organization: Organization
    policy: Policy
    by: Actor
    now: datetime
    customers: Mapping[int, Customer]
    known: dict[Identity, Bill] = field(default_factory=dict)
    by_id: dict[int, Bill] = field(default_factory=dict)
    sales: defaultdict[str, list[Bill]] = field(default_factory=lambda: defaultdict(list))
    sold_numbers: set[str] = field(default_factory=set)
    return_types: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    lines: defaultdict[int, list[BillLine]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[int, PurchaseTotals] = field(default_factory=dict)
    new_bills: list[Bill] = field(default_factory=list)
    new_lines: list[BillLine] = field(default_factory=list)
    changed_sales: dict[int, Bill] = field(default_factory=dict)
    changed_lines: dict[int, BillLine] = field(default_factory=dict)
    changed_totals: dict[int, PurchaseTotals] = field(default_factory=dict)


def owners_of_returned(drafts: Sequence[BillDraft]) -> set[int]:
    """Whose sales come back by returns that name no customer: they are locked too. One query, where there are such returns."""
    nameless = [draft for draft in drafts if draft.is_return and draft.customer_id is None]
    if not nameless:
        return set()
    numbers = {draft.sale_number for draft in nameless if draft.sale_number}
    ids = {draft.sale_id for draft in nameless if draft.sale_id is not None}
    of_these = Q(is_any_of("pk", ids, BigIntegerField())) | Q(is_any_of("number", numbers, CharField()))
    found = list(Bill.objects.filter(of_these, customer__isnull=False).exclude(type__in=RETURNS | ANONYMOUS))
    meant = (_meant(draft, found) for draft in nameless)
    return {sale.customer_id for sale in meant if sale is not None and sale.customer_id is not None}


def _meant(draft: BillDraft, sales: Sequence[Bill]) -> Bill | None:
    if draft.sale_id is not None:
        return next((sale for sale in sales if sale.pk == draft.sale_id), None)
    named = [sale for sale in sales if sale.number == draft.sale_number]
    # An anonymous return is somebody's only where nothing else can be meant.
    return None if draft.type in ANONYMOUS and len(named) > 1 else choose_sale(draft, named)


def record_bills(
    drafts: Sequence[BillDraft],
    *,
    customers: Mapping[int, Customer],
    organization: Organization,
    policy: Policy,
    by: Actor,
    now: datetime,
) -> list[RecordedBill | LoyaltyError]:
    """Record each draft, the earliest first, in a number of queries that does not grow; the results in the order given.

    `customers` are all whom the drafts name and `owners_of_returned` finds, locked. A bill that is stored already with the
    same content is found again with warning 604; a refused one is its `LoyaltyError` (docs/protocol.md, tills' part 6.1) and
    leaves no trace. Call it in a transaction. The constraints `bill_identity_unique` and `bill_return_identity_unique` stand
    under it.
    """
    results: list[RecordedBill | LoyaltyError | None] = [None] * len(drafts)
    sound: list[int] = []
    for place, draft in enumerate(drafts):
        try:
            check_draft(draft, policy=policy, zone=organization.zone, now=now)
            sound.append(place)
        except LoyaltyError as refusal:
            results[place] = refusal
    shelf = _Batch(organization=organization, policy=policy, by=by, now=now, customers=customers)
    _read(shelf, [drafts[place] for place in sound])
    ids = dict(zip(sound, draw_ids(Bill, len(sound)), strict=True))
    for place in sorted(sound, key=lambda one: drafts[one].billed_at):
        try:
            results[place] = _record(drafts[place], ids[place], shelf)
        except LoyaltyError as refusal:
            results[place] = refusal
    _write(shelf)
    reach(Point.BILLS_RECORDED)
    return [result for result in results if result is not None]


def _read(shelf: _Batch, drafts: Sequence[BillDraft]) -> None:
    """Lock the identities, and read all that the drafts may meet."""
    keys = {identity_of(draft, policy=shelf.policy, zone=shelf.organization.zone) for draft in drafts}
    lock_numbers(_stripe(shelf.organization, key) for key in keys)
    returns = [draft for draft in drafts if draft.is_return]
    if returns:
        _read_sales(shelf, returns)
    _keep(shelf, _same(keys, shelf.policy))
    of_these = is_any_of("customer_id", shelf.customers, BigIntegerField())
    totals = PurchaseTotals.objects.filter(of_these) if shelf.customers else ()
    shelf.totals = {one.customer_id: one for one in totals}


def _same(keys: Collection[Identity], policy: Policy) -> Iterable[Bill]:
    """The stored bills that may have one of these identities, or their number in the days around them."""
    if not keys:
        return ()
    found = Bill.objects.filter(
        is_any_of("scope", {scope for _, scope, _, _ in keys}, CharField()),
        is_any_of("number", {number for _, _, number, _ in keys}, CharField()),
    )
    if not policy.bill_number_unique_days:
        return found.filter(is_any_of("billed_on", {day for *_, day in keys}, DateField()))
    around = timedelta(days=policy.bill_number_unique_days)
    days = [day for *_, day in keys]
    return found.filter(billed_on__range=(min(days) - around, max(days) + around))


def _read_sales(shelf: _Batch, returns: Sequence[BillDraft]) -> None:
    """The sales that may be meant, locked: an anonymous one has no customer whose lock would do."""
    numbers = {draft.sale_number for draft in returns if draft.sale_number}
    anonymous = {draft.sale_number for draft in returns if draft.sale_number and draft.type in ANONYMOUS}
    by_id = Q(is_any_of("pk", {draft.sale_id for draft in returns if draft.sale_id is not None}, BigIntegerField()))
    numbered = is_any_of("number", numbers, CharField())
    own = Q(numbered, is_any_of("customer_id", shelf.customers, BigIntegerField()))
    sales = Bill.objects.exclude(type__in=RETURNS)
    found = list(lock(sales.filter(by_id | own | Q(is_any_of("number", anonymous, CharField())))))
    _keep(shelf, found)
    if numbers:
        loyal = sales.exclude(type__in=ANONYMOUS).filter(numbered).order_by()
        shelf.sold_numbers = set(loyal.values_list("number", flat=True).distinct())
    ids = {sale.pk for sale in found}
    if ids:
        of_these = is_any_of("return_of_id", ids, BigIntegerField())
        for sale_id, return_type in Bill.objects.filter(of_these).values_list("return_of_id", "return_type"):
            if sale_id is not None:
                shelf.return_types[sale_id].add(return_type)
    if ids and any(draft.lines for draft in returns):
        for line in BillLine.objects.filter(is_any_of("bill_id", ids, BigIntegerField())).order_by("bill_id", "position"):
            shelf.lines[line.bill_id].append(line)


def _keep(shelf: _Batch, bills: Iterable[Bill]) -> None:
    """Put bills where they are found, each once."""
    for bill in bills:
        if bill.pk in shelf.by_id:
            continue
        shelf.by_id[bill.pk] = bill
        shelf.known[bill.is_return, bill.scope, bill.number, bill.billed_on] = bill
        if not bill.is_return:
            shelf.sales[bill.number].append(bill)


def _record(draft: BillDraft, bill_id: int, shelf: _Batch) -> RecordedBill:
    notices: list[Notice] = []
    sale = _sale(draft, shelf, notices) if draft.is_return else None
    bill = _bill(draft, bill_id, sale, shelf)
    stored = shelf.known.get((bill.is_return, bill.scope, bill.number, bill.billed_on))
    if stored is not None:
        return _again(draft, bill, stored, shelf)
    _check_days_around(bill, shelf)
    portion = _portion(draft, sale, shelf) if sale is not None else None
    _check_not_blocked(bill, shelf)
    if bill.is_return:
        _bring_back(draft, bill, sale, portion, shelf)
    if bill.outlier_status != Bill.Outlier.NORMAL:
        notices.append(Notice(BillCode.OUTLIER))
    if draft.lines and not bill.is_return:
        shelf.lines[bill.pk] = _sold_lines(bill, draft.lines)
        shelf.new_lines += shelf.lines[bill.pk]
    _count_purchase(bill, sale, shelf)
    shelf.new_bills.append(bill)
    _keep(shelf, [bill])
    return RecordedBill(bill=bill, sale=sale, notices=notices)


def _bill(draft: BillDraft, bill_id: int, sale: Bill | None, shelf: _Batch) -> Bill:
    amount = draft.amount or ZERO
    _, scope, number, billed_on = identity_of(draft, policy=shelf.policy, zone=shelf.organization.zone)
    return Bill(
        pk=bill_id,
        organization_id=shelf.organization.pk,
        customer_id=draft.customer_id,
        type=draft.type,
        number=number,
        scope=scope,
        billed_on=billed_on,
        billed_at=draft.billed_at,
        recorded_at=shelf.now,
        till=draft.till,
        store=draft.store,
        amount=amount,
        gross_amount=amount + draft.discount if draft.gross_amount is None else draft.gross_amount,
        discount=draft.discount,
        return_of=sale,
        return_type=draft.return_type if draft.is_return else "",
        returned_number=draft.sale_number if draft.is_return else "",
        outlier_status=draft.outlier_status,
        delivery_status=draft.delivery_status,
        notes=draft.notes,
        source=draft.source,
        currency=draft.currency or shelf.organization.currency,
        currency_ratio=draft.currency_ratio,
        field_values=dict(draft.field_values),
        details=dict(draft.details),
        stated_points=draft.stated_points,
        content=content_of(draft),
        recorded_by=shelf.by.name,
    )


def _again(draft: BillDraft, bill: Bill, stored: Bill, shelf: _Batch) -> RecordedBill:
    """The bill that is there already, where the content is the same; else 604 (docs/protocol.md, tills' part 2.4)."""
    # What comes back whole or by lines is worth what the sale says, whatever amount was sent.
    is_priced = stored.return_type == Bill.ReturnType.FULL or (
        stored.return_type == Bill.ReturnType.LINE_ITEM and draft.lines is not None
    )
    amount_counts = draft.amount is not None and not is_priced
    same = (
        bill.type == stored.type
        and bill.customer_id == stored.customer_id
        and bill.discount == stored.discount
        and (not draft.time_is_sent or bill.billed_at == stored.billed_at)
        and bill.returned_number == stored.returned_number
        and bill.stated_points == stored.stated_points
        and (draft.lines is None or bill.content == stored.content)
        and (not amount_counts or (bill.amount, bill.gross_amount) == (stored.amount, stored.gross_amount))
        and (not draft.return_type or draft.return_type == stored.return_type)
    )
    if not same or shelf.policy.strict_duplicate_bill:
        raise LoyaltyError(BillCode.DUPLICATE_NUMBER)
    sale = shelf.by_id.get(stored.return_of_id or 0)
    return RecordedBill(bill=stored, sale=sale, is_new=False, notices=[Notice(BillCode.DUPLICATE_NUMBER)])


def _check_days_around(bill: Bill, shelf: _Batch) -> None:
    days = shelf.policy.bill_number_unique_days
    if days and any(
        is_return == bill.is_return and (scope, number) == (bill.scope, bill.number) and abs((day - bill.billed_on).days) < days
        for is_return, scope, number, day in shelf.known
    ):
        raise LoyaltyError(BillCode.DUPLICATE_NUMBER)


def _sale(draft: BillDraft, shelf: _Batch, notices: list[Notice]) -> Bill | None:
    """The sale that a return means; None where it is stored without one (docs/protocol.md, tills' part 3.1, 3.5)."""
    if draft.sale_id is not None:
        sale = shelf.by_id.get(draft.sale_id)
        if sale is None or sale.is_return:
            raise LoyaltyError(BillCode.UNKNOWN_SALE_ID)
        if draft.customer_id is not None and sale.customer_id != draft.customer_id:
            raise LoyaltyError(BillCode.OTHER_CUSTOMERS_BILL)
        return _owned(draft, sale, notices)
    named = shelf.sales.get(draft.sale_number, [])
    if draft.type in ANONYMOUS:
        return _anonymous_sale(draft, named, notices)
    loyal = [sale for sale in named if sale.type not in ANONYMOUS]
    own = [sale for sale in loyal if draft.customer_id in {None, sale.customer_id}]
    sale = choose_sale(draft, own)
    if sale is not None:
        return _owned(draft, sale, notices)
    if not own and (loyal or draft.sale_number in shelf.sold_numbers):
        raise LoyaltyError(BillCode.OTHER_CUSTOMERS_BILL)
    if not shelf.policy.unknown_bill_return:
        raise LoyaltyError(BillCode.SALE_NOT_FOUND)
    notices.append(Notice(BillCode.SALE_NOT_FOUND))
    return None


def _anonymous_sale(draft: BillDraft, named: Sequence[Bill], notices: list[Notice]) -> Bill | None:
    sale = choose_sale(draft, [sale for sale in named if sale.type in ANONYMOUS])
    if sale is not None:
        return sale
    loyal = [sale for sale in named if sale.type not in ANONYMOUS]
    if len(loyal) > 1:
        raise LoyaltyError(BillCode.SEVERAL_SALES)
    if loyal:
        return _owned(draft, loyal[0], notices)
    notices.append(Notice(BillCode.SALE_NOT_FOUND))
    return None


def _owned(draft: BillDraft, sale: Bill, notices: list[Notice]) -> Bill:
    """The sale. Where somebody's sale comes back without them, the return is worked as theirs."""
    if sale.customer_id is not None:
        if draft.type in ANONYMOUS:
            draft.type = Bill.Type.RETURN
            notices.append(Notice(BillCode.ONE_LOYALTY_SALE))
        draft.customer_id = sale.customer_id
    return sale


def _portion(draft: BillDraft, sale: Bill, shelf: _Batch) -> Portion:
    return portion_of(draft, sale, earlier_types=shelf.return_types[sale.pk], sale_lines=shelf.lines.get(sale.pk, []))


def _check_not_blocked(bill: Bill, shelf: _Batch) -> None:
    customer = shelf.customers.get(bill.customer_id or 0)
    if customer is not None and blocks(customer, Block.TRANSACTIONS, shelf.policy):
        raise LoyaltyError(BillCode.BILLING_BLOCKED)


def _bring_back(draft: BillDraft, bill: Bill, sale: Bill | None, portion: Portion | None, shelf: _Batch) -> None:
    """Fix how much of the sale the return takes, on both."""
    if sale is None or portion is None:
        bill.return_type = draft.return_type or Bill.ReturnType.AMOUNT
        return
    take_portion(sale, portion, sale_lines=shelf.lines.get(sale.pk, []))
    shelf.return_types[sale.pk].add(portion.return_type)
    bill.return_type, bill.amount, bill.sale_returned = portion.return_type, portion.amount, sale.returned_amount
    if draft.gross_amount is None:
        bill.gross_amount = portion.amount + bill.discount
    shelf.changed_sales[sale.pk] = sale
    shelf.changed_lines |= {line.pk: line for _, line, _, _ in portion.lines if line.pk is not None}
    shelf.new_lines += _returned_lines(bill, portion)


def _returned_lines(bill: Bill, portion: Portion) -> list[BillLine]:
    return [
        BillLine(
            organization_id=bill.organization_id,
            bill_id=bill.pk,
            position=number,
            serial=draft.serial,
            item_code=draft.item_code,
            description=draft.description or line.description,
            quantity=quantity,
            rate=line.rate,
            value=line.rate * quantity,
            discount=draft.discount,
            amount=amount,
            sale_line=line,
            details=dict(draft.details),
        )
        for number, (draft, line, quantity, amount) in enumerate(portion.lines, start=1)
    ]


def _sold_lines(bill: Bill, drafts: Iterable[LineDraft]) -> list[BillLine]:
    return [
        BillLine(
            organization_id=bill.organization_id,
            bill_id=bill.pk,
            position=number,
            serial=draft.serial,
            item_code=draft.item_code,
            description=draft.description,
            quantity=draft.quantity,
            rate=draft.rate,
            value=draft.value,
            discount=draft.discount,
            amount=draft.net,
            details=dict(draft.details),
        )
        for number, draft in enumerate(drafts, start=1)
    ]


def _count_purchase(bill: Bill, sale: Bill | None, shelf: _Batch) -> None:
    """The customer's purchases in all: sales less returns, the newest sale apart."""
    if not bill.counts or bill.customer_id is None or (bill.is_return and sale is None):
        return
    totals = shelf.totals.get(bill.customer_id)
    if totals is None:
        totals = PurchaseTotals(organization_id=shelf.organization.pk, customer_id=bill.customer_id)
        shelf.totals[bill.customer_id] = totals
    if bill.is_return:
        totals.amount -= bill.amount
    else:
        totals.amount += bill.amount
        totals.bills += 1
        if totals.last_billed_at is None or bill.billed_at >= totals.last_billed_at:
            totals.last_billed_at, totals.last_amount = bill.billed_at, bill.amount
    shelf.changed_totals[bill.customer_id] = totals


def _write(shelf: _Batch) -> None:
    new_bills = sorted(shelf.new_bills, key=lambda bill: bill.pk)
    fresh = {bill.pk for bill in new_bills}
    insert_rows(new_bills)
    give_ids(shelf.new_lines)
    for line in shelf.new_lines:
        if line.sale_line is not None:
            line.sale_line_id = line.sale_line.pk
    insert_rows(shelf.new_lines)
    update_rows([sale for pk, sale in shelf.changed_sales.items() if pk not in fresh], ("returned_amount", "is_returned"))
    update_rows(list(shelf.changed_lines.values()), ("returned_quantity", "returned_amount"))
    totals = shelf.changed_totals.values()
    insert_rows([one for one in totals if one.pk is None])
    update_rows([one for one in totals if one.pk is not None], ("amount", "bills", "last_billed_at", "last_amount"))


def _stripe(organization: Organization, identity: Identity) -> int:
    """The lock of an identity: that of its number on every day, as a policy may look at the days around."""
    return _BILL_LOCKS | organization.pk * _STRIPES + crc32(repr(identity[:-1]).encode()) % _STRIPES
