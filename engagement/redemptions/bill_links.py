"""Which bill were points redeemed on? Redemptions and bills find each other by its number (tills' part 2.6, 4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, CharField, Q, QuerySet

from engagement.bills.codes import BillCode
from engagement.bills.models import RETURNS, Bill
from engagement.redemptions.models import Redemption
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import update_rows
from loyalty_project.protocol.errors import Notice
from organizations.locations.models import Store

_LONGEST_ID = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBill:
    """The customer's bill that a number names, if it is there; `is_foreign` where the number is another customer's."""

    bill: Bill | None = None
    is_foreign: bool = False


def find_bill(number: str, *, customer_id: int, store: Store | None, day: date) -> NamedBill:
    """The sale that a till means by `number`: of the store and day, of the customer, or their bill of this id."""
    if not number:
        return NamedBill()
    there = Q(store=store, billed_on=day) if store is not None else Q(pk=None)
    sales = Bill.objects.exclude(type__in=RETURNS)
    named = list(sales.filter(Q(customer_id=customer_id) | there, number=number).order_by("-billed_at", "-pk"))
    own = [bill for bill in named if bill.customer_id == customer_id]
    here = [bill for bill in own if store is not None and (bill.store_id, bill.billed_on) == (store.pk, day)]
    if own:
        return NamedBill(bill=(here or own)[0])
    by_id = sales.filter(pk=int(number), customer_id=customer_id).first() if _is_id(number) else None
    return NamedBill(bill=by_id, is_foreign=by_id is None and bool(named))


def tie_redemptions(bill: Bill, *, listed: Sequence[str] = (), zone: ZoneInfo) -> list[Notice]:
    """Tie redemptions of points to a new bill: those that it lists, and the customer's own that wait for its number.

    `listed` are codes of redemptions, or their numeric ids; each that is unknown, of another customer, reversed, or tied to
    another bill, gives a warning 640. Call it in a transaction that holds the lock of the bill's customer.
    """
    tie_waiting([bill], zone=zone)
    if bill.customer_id is None or bill.is_return:
        return [Notice(BillCode.REDEMPTION_NOT_FOUND) for _ in listed]
    of_customer = Redemption.objects.filter(account__customer_id=bill.customer_id)
    notices: list[Notice] = []
    tied: set[int] = set()
    for redemption in _named(of_customer, listed):
        if redemption is None or redemption.reversed >= redemption.points or redemption.bill_id not in {None, bill.pk}:
            notices.append(Notice(BillCode.REDEMPTION_NOT_FOUND))
        else:
            tied.add(redemption.pk)
    if tied:
        of_customer.filter(is_any_of("pk", tied, BigIntegerField())).update(bill=bill)
    return notices


def tie_waiting(bills: Sequence[Bill], *, zone: ZoneInfo) -> None:
    """Tie what waits for these new bills: redemptions of their customers with a bill's number or id, at its store on its day.

    A query, and one more where anything waits, for any number of bills. Call it in a transaction that holds the locks of their
    customers.
    """
    sales = [bill for bill in bills if bill.customer_id is not None and bill.store_id is not None and not bill.is_return]
    if not sales:
        return
    by_name = {(bill.customer_id, bill.store_id, bill.billed_on, name): bill for bill in sales for name in _names(bill)}
    waiting = Redemption.objects.filter(
        is_any_of("account__customer_id", {bill.customer_id for bill in sales}, BigIntegerField()),
        is_any_of("transaction_number", {name for bill in sales for name in _names(bill)}, CharField()),
        bill=None,
    ).select_related("account", "entry")
    tied: list[Redemption] = []
    for one in waiting:
        day = one.entry.occurred_at.astimezone(zone).date()
        bill = by_name.get((one.account.customer_id, one.entry.store_id, day, one.transaction_number))
        if bill is not None:
            one.bill = bill
            tied.append(one)
    update_rows(tied, ["bill"])


def _names(bill: Bill) -> tuple[str, str]:
    return bill.number, str(bill.pk)


def _named(redemptions: QuerySet[Redemption], listed: Sequence[str]) -> list[Redemption | None]:
    """The redemption that each of the texts names, None for none. A code of digits alone is a code first."""
    if not listed:
        return []
    ids = [int(text) for text in listed if _is_id(text)]
    found = list(redemptions.filter(Q(is_any_of("code", listed, CharField())) | Q(is_any_of("pk", ids, BigIntegerField()))))
    by_name = {**{str(one.pk): one for one in found}, **{one.code: one for one in found}}
    return [by_name.get(text) for text in listed]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID
