"""Filters of `customer/redemptions`."""

from collections.abc import Iterator
from typing import Any

from loyalty_project.api.filtersets import CodeFilter, ColumnFilter, IdFilter, MomentFilter, WireFilterSet
from loyalty_project.protocol.values import read_id


class StoreFilter(ColumnFilter):
    """Redemptions at the store of this id or code."""

    def conditions(self, parameter: str, value: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """One condition with two parameters."""
        text = f"(store.code = %({parameter})s OR entry.store_id = %({parameter}_id)s)"
        yield text, {parameter: value, f"{parameter}_id": read_id(value)}


class LocationFilter(ColumnFilter):
    """Redemptions at the till or store of this code."""

    def conditions(self, parameter: str, value: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """One condition on either code."""
        yield f"(till.code = %({parameter})s OR store.code = %({parameter})s)", {parameter: value}


class RedemptionFilters(WireFilterSet):
    """Filters of the row `redemption` with its `entry`, `store` and `till`."""

    start_date = MomentFilter("entry.occurred_at", "from")
    end_date = MomentFilter("entry.occurred_at", "until")
    external_reference_number = CodeFilter("entry.reference")
    merchant_store_id = StoreFilter("store.code")
    entity_code = LocationFilter("till.code")


class BoundedRedemptionFilters(RedemptionFilters):
    """The same with bounds of ids, which count only without `type` (docs/protocol.md 4.7)."""

    points_start_id = IdFilter("redemption.id", ">=")
    points_end_id = IdFilter("redemption.id", "<=")
