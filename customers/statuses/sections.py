"""Refusals of customer/get by status (docs/protocol.md 2.1)."""

from collections.abc import Sequence

from customers.profile.models import Customer
from customers.profile.reading import Reading
from customers.statuses.models import CustomerStatus
from loyalty_project.protocol.codes import CodeTable, Transport


def deleted(ids: Sequence[int], reading: Reading) -> dict[int, CodeTable]:
    """Customers whose account is deleted, with code 8109: one query, none if the organization uses no statuses."""
    if not reading.policy.lifecycle_status:
        return {}
    rows = Customer.objects.filter(pk__in=ids, status_label__status=CustomerStatus.Status.DELETED)
    return dict.fromkeys(rows.values_list("pk", flat=True), Transport.CUSTOMER_ERASED)
