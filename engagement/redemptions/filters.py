"""Filters of `customer/redemptions`."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import CharFilter

from loyalty_project.api.filtersets import CodeFilter, IdFilter, MomentFilter, WireFilterSet
from loyalty_project.protocol.values import read_id


class RedemptionFilters(WireFilterSet):
    """Filters of redemptions of points."""

    start_date = MomentFilter("entry__occurred_at", "from")
    end_date = MomentFilter("entry__occurred_at", "until")
    external_reference_number = CodeFilter("entry__reference")
    merchant_store_id = CharFilter(method="at_store")
    entity_code = CharFilter(method="at_location")

    def at_store(self, rows: QuerySet[Any], _name: str, store: str) -> QuerySet[Any]:
        """Redemptions at the store of this id or code."""
        return rows.filter(Q(entry__store__code=store) | Q(entry__store_id=read_id(store)))

    def at_location(self, rows: QuerySet[Any], _name: str, code: str) -> QuerySet[Any]:
        """Redemptions at the till or store of this code."""
        return rows.filter(Q(entry__till__code=code) | Q(entry__store__code=code))


class BoundedRedemptionFilters(RedemptionFilters):
    """The same with bounds of ids, which count only without `type` (docs/protocol.md 4.7)."""

    points_start_id = IdFilter("pk", "gte")
    points_end_id = IdFilter("pk", "lte")
