"""Which are somebody's latest bills? Ten for each customer, by the filters of customer/get (docs/protocol.md 4.5)."""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation

from django.db.models import BigIntegerField, F, QuerySet, Window
from django.db.models.functions import RowNumber

from engagement.models import Bill
from loyalty_project.db.lookups import is_any_of
from loyalty_project.moments import read_moment
from organizations.models import Organization

LATEST = 10


def latest_bills(customer_ids: Collection[int], *, query: Mapping[str, str], organization: Organization) -> list[Bill]:
    """The latest bills of each customer, newest first, with their stores: one query.

    `query` may narrow them by number, store_code, till_code, amount, date and type; what is no amount or no date matches none.
    """
    bills = Bill.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    narrowed = _narrow(bills, query, organization)
    if narrowed is None:
        return []
    place = Window(RowNumber(), partition_by=F("customer_id"), order_by=[F("billed_at").desc(), F("id").desc()])
    ranked = narrowed.annotate(place=place).filter(place__lte=LATEST).select_related("store")
    return list(ranked.order_by("customer_id", "-billed_at", "-pk"))


def _narrow(bills: QuerySet[Bill], query: Mapping[str, str], organization: Organization) -> QuerySet[Bill] | None:
    exact = {"number": "number", "store_code": "store__code", "till_code": "till__code"}
    for key, column in exact.items():
        if query.get(key):
            bills = bills.filter(**{column: query[key]})
    if query.get("type"):
        bills = bills.filter(type=query["type"].upper())
    if query.get("amount"):
        try:
            amount = Decimal(query["amount"])
        except InvalidOperation:
            return None
        if not amount.is_finite():
            return None
        bills = bills.filter(amount=amount)
    if query.get("date"):
        moment = read_moment(query["date"], organization.zone)
        if moment is None:
            return None
        bills = bills.filter(billed_on=moment.astimezone(organization.zone).date())
    return bills
