"""Links between redemptions and bills, by the bill's number (docs/protocol.md, tills' part 2.6, 4.3)."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, CharField, Q, QuerySet

from engagement.bills.batch import BILL_NAMES
from engagement.bills.codes import BillCode
from engagement.bills.models import Bill
from engagement.redemptions.models import Redemption
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import update_rows
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import read_id

# Column of a row `customer`: true if any of the customer's redemptions names a new bill and is not linked.
AWAITS_BILL: Final = f"""EXISTS (
        SELECT FROM engagement_pointsaccount AS account
        JOIN engagement_redemption AS redemption ON redemption.organization_id = %(organization)s
            AND redemption.account_id = account.id AND redemption.bill_id IS NULL
        WHERE account.organization_id = %(organization)s AND account.customer_id = customer.id
            AND redemption.transaction_number = ANY({BILL_NAMES})
    )"""


def names_of(bill: Bill) -> tuple[str, str]:
    """The texts by which a redemption names the bill: its number, and its id."""
    return bill.number, str(bill.pk)


def link_listed_redemptions(bill: Bill, listed: Sequence[str]) -> list[Notice]:
    """Link the redemptions of points that a new bill lists, by codes or numeric ids.

    Warning 640 for each that is unknown, of another customer, reversed, or linked to another bill. No query without any. Call
    it in a transaction that holds the lock of the bill's customer, after `link_earlier_redemptions`.
    """
    if not listed:
        return []
    if bill.customer_id is None or bill.is_return:
        return [Notice(BillCode.REDEMPTION_NOT_FOUND) for _ in listed]
    of_customer = Redemption.objects.filter(account__customer_id=bill.customer_id)
    notices: list[Notice] = []
    linked: set[int] = set()
    for redemption in _named(of_customer, listed):
        if redemption is None or redemption.reversed >= redemption.points or redemption.bill_id not in {None, bill.pk}:
            notices.append(Notice(BillCode.REDEMPTION_NOT_FOUND))
        else:
            linked.add(redemption.pk)
    if linked:
        of_customer.filter(is_any_of("pk", linked, BigIntegerField())).update(bill=bill)
    return notices


def link_earlier_redemptions(bills: Sequence[Bill], *, zone: ZoneInfo) -> None:
    """Link earlier redemptions to these new bills: of the same customer, store and day, with the bill's number or id.

    One query for any number of bills, and one more if there are such redemptions. Call it in a transaction that holds the
    locks of the customers.
    """
    sales = [bill for bill in bills if bill.customer_id is not None and bill.store_id is not None and not bill.is_return]
    if not sales:
        return
    by_name = {(bill.customer_id, bill.store_id, bill.billed_on, name): bill for bill in sales for name in names_of(bill)}
    waiting = Redemption.objects.filter(
        is_any_of("account__customer_id", {bill.customer_id for bill in sales}, BigIntegerField()),
        is_any_of("transaction_number", {name for bill in sales for name in names_of(bill)}, CharField()),
        bill=None,
    ).select_related("account", "entry")
    linked: list[Redemption] = []
    for redemption in waiting:
        entry = redemption.entry
        day = entry.occurred_at.astimezone(zone).date()
        bill = by_name.get((redemption.account.customer_id, entry.store_id, day, redemption.transaction_number))
        if bill is not None:
            redemption.bill = bill
            linked.append(redemption)
    update_rows(linked, ["bill"])


def _named(redemptions: QuerySet[Redemption], listed: Sequence[str]) -> list[Redemption | None]:
    """The redemption of each text, None for an unknown one. A text of digits is a code before it is an id."""
    if not listed:
        return []
    ids = [pk for text in listed if (pk := read_id(text))]
    named = Q(is_any_of("code", listed, CharField())) | Q(is_any_of("pk", ids, BigIntegerField()))
    rows = list(redemptions.filter(named))
    by_name = {**{str(row.pk): row for row in rows}, **{row.code: row for row in rows}}
    return [by_name.get(text) for text in listed]
