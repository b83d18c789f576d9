"""The latest bills of a customer, for the back office."""

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.bills.sections import LATEST


def latest_bills(customer: Customer) -> list[Bill]:
    """The ten latest bills of the customer, newest first, with their stores. One query."""
    return list(Bill.objects.filter(customer=customer).select_related("store").order_by("-billed_at", "-pk")[:LATEST])
