"""The latest bills of customers: up to ten each, by the filters of customer/get (docs/protocol.md 4.5)."""

from collections.abc import Collection, Mapping

from django.db.models import BigIntegerField, QuerySet

from engagement.bills.models import Bill
from engagement.numbers.money import read_money
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.paging import page_of_each
from loyalty_project.protocol.moments import read_moment
from loyalty_project.protocol.plain_text import read_code
from organizations.tenancy.models import Organization

LATEST = 10


def latest_bills(customer_ids: Collection[int], *, query: Mapping[str, str], organization: Organization) -> list[Bill]:
    """The latest bills of each customer, newest first, with their stores. One query.

    `query` may filter by number, store_code, till_code, amount, date and type. An unreadable amount or date matches no bill.
    """
    bills = Bill.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    filtered = _filter(bills, query, organization)
    if filtered is None:
        return []
    return list(page_of_each(filtered.select_related("store"), by="customer_id", order=["-billed_at", "-pk"], limit=LATEST))


def _filter(bills: QuerySet[Bill], query: Mapping[str, str], organization: Organization) -> QuerySet[Bill] | None:
    """The bills that match `query`; None if its amount or date is unreadable."""
    exact = {"number": "number", "store_code": "store__code", "till_code": "till__code"}
    for key, column in exact.items():
        if query.get(key):
            bills = bills.filter(**{column: read_code(query[key])})
    if query.get("type"):
        bills = bills.filter(type=query["type"].upper())
    if query.get("amount"):
        amount = read_money(query["amount"], organization.currency)
        if amount is None:
            return None
        bills = bills.filter(amount=amount)
    if query.get("date"):
        moment = read_moment(query["date"], organization.zone)
        if moment is None:
            return None
        bills = bills.filter(billed_on=moment.astimezone(organization.zone).date())
    return bills
