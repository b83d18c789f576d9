"""Purchases of customers after a merge, or after one was undone (docs/protocol.md 2.4)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, QuerySet, Sum

from customers.profile.models import Customer
from engagement.bills.models import ANONYMOUS, RETURNS, Bill, PurchaseTotals
from loyalty_project.db.lookups import is_any_of

ZERO = Decimal(0)


def count_purchases_anew(customers: Sequence[Customer]) -> None:
    """Recount the purchases of these customers from their bills. Call it under their locks, once the bills have moved."""
    ids = [customer.pk for customer in customers]
    of_these = is_any_of("customer_id", ids, BigIntegerField())
    totals = {row.customer_id: row for row in PurchaseTotals.objects.filter(of_these)}
    counted = (
        Bill.objects.filter(of_these, outlier_status=Bill.Outlier.NORMAL)
        .exclude(type__in=ANONYMOUS)
        .exclude(type=Bill.Type.RETURN, return_of=None)
    )
    sales = counted.exclude(type__in=RETURNS)
    back = dict(_sums(counted.filter(type__in=RETURNS)))
    sold = {pk: (amount, bills) for pk, amount, bills in _sums(sales).annotate(bills=Count("pk"))}
    newest = {bill.customer_id: bill for bill in sales.order_by("customer_id", "-billed_at", "-pk").distinct("customer_id")}
    for customer in customers:
        last = newest.get(customer.pk)
        if last is None and customer.pk not in totals:
            continue
        row = totals.get(customer.pk) or PurchaseTotals(organization_id=customer.organization_id, customer=customer)
        amount, row.bills = sold.get(customer.pk, (ZERO, 0))
        row.amount = amount - back.get(customer.pk, ZERO)
        row.last_billed_at, row.last_amount = (last.billed_at, last.amount) if last else (None, ZERO)
        row.save()


def _sums(bills: QuerySet[Bill]) -> QuerySet[Any, Any]:
    """Sums of the bills' amounts by customer."""
    return bills.order_by().values_list("customer_id").annotate(amount=Sum("amount"))
