"""The bill that a till names by its number (docs/protocol.md, tills' part 4.3, 5.2)."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from engagement.bills.models import RETURNS, Bill
from loyalty_project.protocol.values import read_id
from organizations.locations.models import Store
from organizations.tenancy.rows import read_rows

# The sales of the row `stored` that a number may name.
NAMED: Final = """stored.type NOT IN ('RETURN', 'NOT_INTERESTED_RETURN') AND (
        stored.number = %(number)s::text AND (
            stored.customer_id = %(customer)s::bigint
            OR stored.store_id = %(store)s::bigint AND stored.billed_on = %(day)s::date
        )
        OR stored.id = %(id)s::bigint AND stored.customer_id = %(customer)s::bigint
    )"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedBill:
    """The customer's bill of a number, if there is one; `is_foreign` if only another customer has a bill of this number."""

    bill: Bill | None = None
    is_foreign: bool = False


def names_of_bill(number: str, *, customer_id: int, store: Store | None, day: date) -> dict[str, Any]:
    """The values of `NAMED`."""
    store_id = None if store is None else store.pk
    return {"number": number, "id": read_id(number) or None, "customer": customer_id, "store": store_id, "day": day}


def find_bill(number: str, *, customer_id: int, store: Store | None, day: date) -> NamedBill:
    """The sale of `number`: the customer's at this store on this day, any other of theirs, or the bill of this id.

    One statement, none without a number.
    """
    if not number:
        return NamedBill()
    pk = read_id(number)
    values = names_of_bill(number, customer_id=customer_id, store=store, day=day)
    found = read_rows(Bill, NAMED, values, order="stored.billed_at DESC, stored.id DESC")
    named = [bill for bill in found if bill.number == number]
    own = [bill for bill in named if bill.customer_id == customer_id]
    same_day = [bill for bill in own if store is not None and (bill.store_id, bill.billed_on) == (store.pk, day)]
    if own:
        return NamedBill(bill=(same_day or own)[0])
    by_id = next((bill for bill in found if bill.pk == pk and bill.customer_id == customer_id), None)
    return NamedBill(bill=by_id, is_foreign=by_id is None and bool(named))


def number_of_returned(number: str, parent: str, *, sale_id: int | None, customer_id: int | None) -> tuple[str, str]:
    """The number of the sale that a return means, and the return's own, of `number` and `parent_bill_number` as sent.

    Clients send the sale's number in either (docs/protocol.md, tills' part 3.1). The first one that names a sale of the
    customer, or of anybody, is the sale's. The own number is "" if none is left. One query, if there is a choice.
    """
    sales = Bill.objects.exclude(type__in=RETURNS)
    if sale_id is not None:
        sold = sales.filter(pk=sale_id).values_list("number", flat=True).first()
        if sold is None:
            return number, parent
        return sold, next((given for given in (number, parent) if given not in {"", sold}), "")
    if not number or not parent or number == parent:
        return number or parent, ""
    named = set(sales.filter(number__in=(number, parent)).order_by().values_list("number", "customer_id").distinct())
    of_customer = {sold for sold, owner in named if owner == customer_id}
    for known in (of_customer, {sold for sold, _ in named}):
        if number in known:
            return number, parent
        if parent in known:
            return parent, number
    return number, parent
