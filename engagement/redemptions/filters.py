"""Filters of `customer/redemptions`."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import CharFilter

from engagement.transactions.filters import _id
from loyalty_project.api.filtersets import IdFilter, MomentFilter, WireFilterSet


class RedemptionFilters(WireFilterSet):
    """Of redemptions of points, those that `redemptions` asks for."""

    start_date = MomentFilter("entry__occurred_at", "from")
    end_date = MomentFilter("entry__occurred_at", "until")
    external_reference_number = CharFilter("entry__reference")
    merchant_store_id = CharFilter(method="at_store")
    entity_code = CharFilter(method="at_place")

    def at_store(self, rows: QuerySet[Any], _name: str, store: str) -> QuerySet[Any]:
        """Those at the store of this id or code."""
        return rows.filter(Q(entry__store__code=store) | Q(entry__store_id=_id(store)))

    def at_place(self, rows: QuerySet[Any], _name: str, code: str) -> QuerySet[Any]:
        """Those at the till or in the store of this code."""
        return rows.filter(Q(entry__till__code=code) | Q(entry__store__code=code))


class BoundedRedemptionFilters(RedemptionFilters):
    """The same with bounds of ids, which count only where both kinds are asked for without saying so."""

    points_start_id = IdFilter("pk", "gte")
    points_end_id = IdFilter("pk", "lte")
