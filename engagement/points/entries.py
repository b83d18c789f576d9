"""The newest ledger entries of a customer, with the rows that explain them."""

from customers.profile.models import Customer
from engagement.points.models import PointsAccount, PointsEntry


def latest_entries(customer: Customer, *, limit: int, account: PointsAccount | None = None) -> list[PointsEntry]:
    """The newest `limit` entries of the customer's accounts, or of one of them; one query."""
    of_these = {"account": account} if account else {"account__customer": customer}
    entries = PointsEntry.objects.filter(**of_these).select_related("account__program", "program_version__program")
    return list(entries.order_by("-occurred_at", "-pk")[:limit])
