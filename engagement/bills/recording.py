"""Record bills, once and for ever: identity, lines, what a return takes back, and the customer's purchase totals.

Awards are a step of their own (`engagement.earning.awarding`), which can be repeated without the bill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks
from engagement.bills.batch import Batch, bills_with, read_batch, write_batch
from engagement.bills.codes import BillCode
from engagement.bills.draft import BillDraft, check_draft, content_of, identity_of
from engagement.bills.duplicates import check_days_around, check_same_bill
from engagement.bills.lines import returned_lines, sold_line
from engagement.bills.models import Bill, PurchaseTotals
from engagement.bills.returned_sales import find_returned_sale
from engagement.bills.returns import Portion, portion_of, take_portion
from loyalty_project.db.instances import new_instance
from loyalty_project.faults import Point, reach
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.audit.actors import Actor
from organizations.policies import Policy
from organizations.tenancy.models import Organization

ZERO = Decimal(0)


@dataclass(slots=True, kw_only=True)
class RecordedBill:
    """Result of a draft: its bill, stored before or now, and the sale of a return, if it has one.

    `totals` are the customer's purchases with all bills of the batch; None if there are none. `noted` are the values of the
    `further` expressions.
    """

    bill: Bill
    totals: PurchaseTotals | None = None
    noted: Sequence[Any] = ()
    sale: Bill | None = None
    is_new: bool = True
    notices: list[Notice] = field(default_factory=list)


def record_bills(
    drafts: Sequence[BillDraft],
    *,
    customers: Mapping[int, Customer],
    organization: Organization,
    policy: Policy,
    by: Actor,
    now: datetime,
    further: Sequence[str] = (),
) -> list[RecordedBill | LoyaltyError]:
    """Record the drafts, the earliest first; results are in the order given. The number of queries does not grow.

    `customers` are those that the drafts name and those of `owners_of_returned`, all locked by the caller. A bill that is
    stored with the same content comes back with warning 604. A refused draft is a `LoyaltyError` (docs/protocol.md, tills'
    part 6.1) and leaves no trace. `further` are expressions on a row `customer`, read with the customers' totals under the
    locks, in which `BILL_NAMES` are the names of the new bills. The constraints `bill_identity_unique` and
    `bill_return_identity_unique` are underneath. Call it in a transaction.
    """
    results: list[RecordedBill | LoyaltyError | None] = [None] * len(drafts)
    sound: list[int] = []
    for index, draft in enumerate(drafts):
        try:
            check_draft(draft, policy=policy, zone=organization.zone, now=now)
            sound.append(index)
        except LoyaltyError as refusal:
            results[index] = refusal
    unnumbered = [index for index in sound if drafts[index].bill_id is None]
    batch = Batch(
        organization=organization,
        policy=policy,
        by=by,
        now=now,
        customers=customers,
        unnumbered=len(unnumbered),
        further=further,
    )
    read_batch(batch, [drafts[index] for index in sound])
    ids = {index: drafts[index].bill_id or 0 for index in sound}
    ids |= dict(zip(unnumbered, batch.ids, strict=True))
    for index in sorted(sound, key=lambda number: drafts[number].billed_at):
        try:
            results[index] = _record(drafts[index], ids[index], batch)
        except LoyaltyError as refusal:
            results[index] = refusal
    for result in results:
        if isinstance(result, RecordedBill):
            result.totals = batch.totals.get(result.bill.customer_id or 0)
            result.noted = batch.noted.get(result.bill.customer_id or 0, ())
    write_batch(batch)
    reach(Point.BILLS_RECORDED)
    return [result for result in results if result is not None]


def find_recorded(draft: BillDraft, *, organization: Organization, policy: Policy, by: Actor, now: datetime) -> Bill | None:
    """The stored sale that a draft repeats; None for a new one. A look without locks: `record_bills` decides.

    Raises `LoyaltyError` as `check_draft`, and 604 for the number of a sale with other content or of a day too near. One query.
    """
    check_draft(draft, policy=policy, zone=organization.zone, now=now)
    batch = Batch(organization=organization, policy=policy, by=by, now=now, customers={})
    bill = _new_bill(draft, 0, None, batch)
    batch.add(bills_with({bill.identity}, policy))
    stored = batch.by_identity.get(bill.identity)
    if stored is None:
        check_days_around(bill.identity, batch.by_identity, policy)
        return None
    check_same_bill(draft, bill, stored, policy)
    return stored


def _record(draft: BillDraft, bill_id: int, batch: Batch) -> RecordedBill:
    """Record a draft in the batch. Raises `LoyaltyError` before anything of the batch has changed."""
    notices: list[Notice] = []
    sale = find_returned_sale(draft, batch, notices) if draft.is_return else None
    bill = _new_bill(draft, bill_id, sale, batch)
    stored = batch.by_identity.get(bill.identity)
    if stored is not None:
        check_same_bill(draft, bill, stored, batch.policy)
        sale = batch.by_id.get(stored.return_of_id or 0)
        return RecordedBill(bill=stored, sale=sale, is_new=False, notices=[Notice(BillCode.DUPLICATE_NUMBER)])
    check_days_around(bill.identity, batch.by_identity, batch.policy)
    portion = _portion(draft, sale, batch) if sale is not None else None
    _check_not_blocked(bill, batch)
    if bill.is_return:
        _return_portion(draft, bill, sale, portion, batch)
    if bill.outlier_status != Bill.Outlier.NORMAL:
        notices.append(Notice(BillCode.OUTLIER))
    if not bill.is_return and (sold := draft.sold_lines):
        lines = [sold_line(line, bill=bill, position=position) for position, line in enumerate(sold, start=1)]
        batch.lines[bill.pk] = lines
        batch.new_lines += lines
    _add_to_totals(bill, sale, batch)
    batch.new_bills.append(bill)
    batch.add([bill])
    return RecordedBill(bill=bill, sale=sale, notices=notices)


def _new_bill(draft: BillDraft, bill_id: int, sale: Bill | None, batch: Batch) -> Bill:
    """The row of a draft, not stored."""
    amount = draft.amount or ZERO
    identity = identity_of(draft, policy=batch.policy, zone=batch.organization.zone)
    return new_instance(
        Bill,
        id=bill_id,
        organization_id=batch.organization.pk,
        customer_id=draft.customer_id or None,
        type=draft.type,
        number=identity.number,
        scope=identity.scope,
        billed_on=identity.billed_on,
        billed_at=draft.billed_at,
        recorded_at=batch.now,
        till=draft.till,
        store=draft.store,
        amount=amount,
        gross_amount=amount + draft.discount if draft.gross_amount is None else draft.gross_amount,
        discount=draft.discount,
        return_of=sale,
        part_of_id=draft.part_of,
        return_type=draft.return_type if draft.is_return else "",
        returned_number=draft.sale_number if draft.is_return else "",
        outlier_status=draft.outlier_status,
        delivery_status=draft.delivery_status,
        notes=draft.notes,
        source=draft.source,
        currency=draft.currency or batch.organization.currency,
        currency_ratio=draft.currency_ratio,
        field_values=dict(draft.field_values),
        details=dict(draft.details),
        stated_points=draft.stated_points,
        content=content_of(draft),
        recorded_by=batch.by.name,
    )


def _portion(draft: BillDraft, sale: Bill, batch: Batch) -> Portion:
    return portion_of(draft, sale, earlier_types=batch.return_types[sale.pk], sale_lines=batch.lines.get(sale.pk, []))


def _check_not_blocked(bill: Bill, batch: Batch) -> None:
    customer = batch.customers.get(bill.customer_id or 0)
    if customer is not None and blocks(customer, Block.TRANSACTIONS, batch.policy):
        raise LoyaltyError(BillCode.BILLING_BLOCKED)


def _return_portion(draft: BillDraft, bill: Bill, sale: Bill | None, portion: Portion | None, batch: Batch) -> None:
    """Enter the portion of the sale that a return takes, on both bills."""
    if sale is None or portion is None:
        bill.return_type = draft.return_type or (Bill.ReturnType.LINE_ITEM if draft.lines else Bill.ReturnType.AMOUNT)
        batch.new_lines += [sold_line(line, bill=bill, position=nth) for nth, line in enumerate(draft.lines or (), start=1)]
        return
    take_portion(sale, portion, sale_lines=batch.lines.get(sale.pk, []))
    batch.return_types[sale.pk].add(portion.return_type)
    bill.return_type, bill.amount, bill.sale_returned = portion.return_type, portion.amount, sale.returned_amount
    if draft.gross_amount is None:
        bill.gross_amount = portion.amount + bill.discount
    batch.changed_sales[sale.pk] = sale
    batch.changed_lines |= {line.pk: line for _, line, _, _ in portion.lines if line.pk is not None}
    batch.new_lines += returned_lines(portion, bill=bill)


def _add_to_totals(bill: Bill, sale: Bill | None, batch: Batch) -> None:
    """Add the bill to its customer's purchase totals: sales less returns, and the latest sale."""
    if not bill.counts or bill.customer_id is None or (bill.is_return and sale is None):
        return
    totals = batch.totals.get(bill.customer_id)
    if totals is None:
        totals = PurchaseTotals(organization_id=batch.organization.pk, customer_id=bill.customer_id)
        batch.totals[bill.customer_id] = totals
    if bill.is_return:
        totals.amount -= bill.amount
    else:
        totals.amount += bill.amount
        totals.bills += 1
        if totals.last_billed_at is None or bill.billed_at >= totals.last_billed_at:
            totals.last_billed_at, totals.last_amount = bill.billed_at, bill.amount
    batch.changed_totals[bill.customer_id] = totals
