"""How does the demo come to its bills? As by an import: a month at a time, each bill as of its own moment."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from customers.profile.models import Customer
from demo.bills import Buyer, DemoBill, Line, demo_bills
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.models import Bill
from engagement.points.settlement import settle_due
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import from_wall
from organizations.audit.actors import Actor
from organizations.locations.models import Till
from use_cases.purchases import record_purchases


def record_demo_purchases(customers: Sequence[Customer], *, by: Actor) -> int:
    """Record a year of bills and returns of these customers, in the transaction of the caller; how many there are.

    What fell due in that year is settled. Raises the `LoyaltyError` of a bill that is refused.
    """
    tills = {till.code: till for till in Till.objects.select_related("store")}
    codes = {till.pk: code for code, till in tills.items()}
    catalog, now, zone = load_catalog(), clock.now(), by.organization.zone
    buyers = [Buyer(codes[one.registered_till_id or 0], _wall(one.registered_on, zone)) for one in customers]
    bills = demo_bills(buyers, now=_wall(now, zone))
    for _, month in groupby(bills, key=lambda bill: (bill.at.year, bill.at.month)):
        drafts = [_draft(bill, customer=customers[bill.buyer], till=tills[bill.till]) for bill in month]
        for result in record_purchases(drafts, catalog=catalog, by=by, now=now, is_history=True):
            if isinstance(result, LoyaltyError):
                raise result
    for _ in settle_due(by.organization):
        pass
    return len(bills)


def _draft(bill: DemoBill, *, customer: Customer, till: Till) -> BillDraft:
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
        lines=[_line(line, is_return=bool(bill.sale)) for line in bill.lines],
        return_type=Bill.ReturnType.LINE_ITEM if bill.sale else "",
        sale_number=bill.sale,
    )


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _line(line: Line, *, is_return: bool) -> LineDraft:
    return LineDraft(
        item_code=line.item,
        description=line.description,
        quantity=Decimal(line.quantity),
        rate=line.price,
        value=line.quantity * line.price,
        discount=line.discount,
        amount=None if is_return else line.amount,
    )
