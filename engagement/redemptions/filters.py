"""Filters of `customer/redemptions`."""

from collections.abc import Iterator
from typing import Any

from loyalty_project.api.filtersets import CodeFilter, ColumnFilter, IdFilter, MomentFilter, WireFilterSet
from loyalty_project.protocol.values import read_id


class StoreFilter(ColumnFilter):
    """Redemptions at the store of this id, in the column of the filter, or code."""

    def conditions(self, parameter: str, value: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """One condition with two parameters."""
        text = f"(store.code = %({parameter})s OR {self.field_name} = %({parameter}_id)s)"
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
    merchant_store_id = StoreFilter("entry.store_id")
    entity_code = LocationFilter("till.code")


class BoundedRedemptionFilters(RedemptionFilters):
    """The same with bounds of ids, which count only without `type` (docs/protocol.md 4.7)."""

    points_start_id = IdFilter("redemption.id", ">=")
    points_end_id = IdFilter("redemption.id", "<=")


class NoRowsFilter(ColumnFilter):
    """No redemption: coupons do not have what the filter asks for."""

    def conditions(self, parameter: str, value: str) -> Iterator[tuple[str, dict[str, Any]]]:  # noqa: ARG002 - as in the base class
        """A condition that no row meets."""
        yield "false", {}


class CouponUseFilters(WireFilterSet):
    """The same filters on redemptions of coupons: the row `redemption` with its `store` and `till`."""

    start_date = MomentFilter("redemption.redeemed_at", "from")
    end_date = MomentFilter("redemption.redeemed_at", "until")
    external_reference_number = NoRowsFilter("redemption.id")
    merchant_store_id = StoreFilter("redemption.store_id")
    entity_code = LocationFilter("till.code")


class BoundedCouponUseFilters(CouponUseFilters):
    """The same with bounds of ids, which count only without `type` (docs/protocol.md 4.7)."""

    coupons_start_id = IdFilter("redemption.id", ">=")
    coupons_end_id = IdFilter("redemption.id", "<=")
