"""What does the back office tell of a customer beside the person? Points, tiers, purchases, bills, the last entries."""

from collections.abc import Sequence
from dataclasses import dataclass

from customers.models import Customer
from engagement.models import Bill, PointsEntry, PurchaseTotals
from engagement.services.entries import latest_entries
from engagement.services.latest_bills import latest_bills
from engagement.services.standing import Standing, standings_of
from organizations.models import Organization

ENTRIES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """What other apps know of one customer; `purchases` is None for somebody who never bought anything."""

    standings: Sequence[Standing]
    purchases: PurchaseTotals | None
    bills: Sequence[Bill]
    entries: Sequence[PointsEntry]


def read_customer_page(customer: Customer, *, organization: Organization) -> CustomerPage:
    """Six queries, and more only where something is due: it is settled first, so that nothing outdated is shown."""
    return CustomerPage(
        standings=standings_of(customer, organization=organization),
        purchases=PurchaseTotals.objects.filter(customer=customer).first(),
        bills=latest_bills([customer.pk], query={}, organization=organization),
        entries=latest_entries(customer, limit=ENTRIES_SHOWN),
    )
