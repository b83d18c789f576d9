"""Recommendations of the demo: some of another system, and the built-in recommender's out of the demo's bills."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from customers.profile.models import Customer
from engagement.recommendations.building import build_pairs
from engagement.recommendations.imports import RecommendationRow, import_recommendations
from organizations.tenancy.models import Organization

# Of so many customers one has this product of the campaign, with this score.
_CAMPAIGN: Final = (
    (7, "RAFT-2", "Packraft for two", "899", "0.91"),
    (5, "LANTERN-S", "Solar lantern", "49.50", "0.74"),
)


def recommend_demo_products(customers: Sequence[Customer], *, organization: Organization, now: datetime) -> int:
    """Bring the products of a campaign and find what is bought together; the number of pairs. Call it in a transaction."""
    merged = set(Customer.objects.filter(merged_into__isnull=False).values_list("pk", flat=True))
    alone = [customer.pk for customer in customers if customer.pk not in merged]
    rows = [
        RecommendationRow(
            customer_id=pk,
            item_sku=item_sku,
            description=description,
            price=Decimal(price),
            img_url="",
            score=Decimal(score),
        )
        for every, item_sku, description, price, score in _CAMPAIGN
        for pk in alone[::every]
    ]
    import_recommendations(rows, organization=organization, now=now)
    return build_pairs(organization).pairs
