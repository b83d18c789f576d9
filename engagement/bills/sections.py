"""Sections of customer/get about purchases and bills (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from customers.profile.reading import Payloads, Reading
from engagement.bills.latest import latest_bills
from engagement.bills.models import PurchaseTotals
from engagement.bills.payloads import bill_row, printed_purchases
from loyalty_project.protocol.codes import Code


def purchases(ids: Sequence[int], reading: Reading) -> Payloads:
    """`lifetime_purchases`: one query."""
    if reading.wants("basic"):
        return {}
    payloads: dict[int, dict[str, Any]] = {}
    with reading.may_fail(Code.POINTS_UNAVAILABLE):
        totals = PurchaseTotals.objects.filter(customer_id__in=ids).values_list("customer_id", "amount")
        is_exact = reading.policy.exact_lifetime_purchases
        payloads.update(
            (customer_id, {"lifetime_purchases": printed_purchases(amount, is_exact=is_exact)})
            for customer_id, amount in totals
        )
    return payloads


def transactions(ids: Sequence[int], reading: Reading) -> Payloads:
    """`transactions`: the ten latest bills that pass the filters, newest first: one query."""
    if reading.wants("basic") or not reading.wants("transactions", default=True):
        return {}
    rows: defaultdict[int, list[dict[str, str]]] = defaultdict(list)
    with reading.may_fail(Code.POINTS_UNAVAILABLE):
        for bill in latest_bills(ids, query=reading.query, organization=reading.organization):
            rows[bill.customer_id or 0].append(bill_row(bill, reading.organization.zone))
    return {customer_id: {"transactions": {"transaction": rows[customer_id]}} for customer_id in ids}
