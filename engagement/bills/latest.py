"""The latest bills of a customer, for the back office."""

from customers.profile.models import Customer
from engagement.bills.models import RETURNS, Bill


def latest_sale(customer: Customer) -> Bill | None:
    """The customer's latest sale with its store; None without one. One query."""
    sales = Bill.objects.filter(customer=customer).exclude(type__in=RETURNS)
    return sales.select_related("store").order_by("-billed_at", "-pk").first()
