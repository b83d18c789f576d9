"""The bill that a till names by its number (docs/protocol.md, tills' part 4.3, 5.2)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from engagement.bills.models import RETURNS, Bill
from loyalty_project.protocol.values import read_id
from organizations.locations.models import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBill:
    """The customer's bill of a number, if there is one; `is_foreign` if only another customer has a bill of this number."""

    bill: Bill | None = None
    is_foreign: bool = False


def find_bill(number: str, *, customer_id: int, store: Store | None, day: date) -> NamedBill:
    """The sale of `number`: the customer's at this store on this day, any other of theirs, or the bill of this id."""
    if not number:
        return NamedBill()
    at_store = Q(store=store, billed_on=day) if store is not None else Q(pk=None)
    sales = Bill.objects.exclude(type__in=RETURNS)
    named = list(sales.filter(Q(customer_id=customer_id) | at_store, number=number).order_by("-billed_at", "-pk"))
    own = [bill for bill in named if bill.customer_id == customer_id]
    same_day = [bill for bill in own if store is not None and (bill.store_id, bill.billed_on) == (store.pk, day)]
    if own:
        return NamedBill(bill=(same_day or own)[0])
    by_id = sales.filter(pk=pk, customer_id=customer_id).first() if (pk := read_id(number)) else None
    return NamedBill(bill=by_id, is_foreign=by_id is None and bool(named))
