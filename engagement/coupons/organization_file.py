"""Section `coupon_series` of the organization file, stored as JSON until coupons are built."""

from decimal import Decimal
from typing import Any, Final

from organizations.organization_file.common_keys import CODES
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.references import check_names, codes_of
from organizations.organization_file.schema import (
    AnyOf,
    Day,
    Flag,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Struct,
    Text,
    Whole,
    nullable,
    optional,
    required,
)
from organizations.organization_file.sections import Document, list_rows, stored_section


def _check_discount(series: dict[str, Any], path: str, problems: Problems) -> None:
    if series["valid_days"] is not None and series["valid_till"] is not None:
        problems.add(below(path, "valid_till"), "does not go with valid_days")
    if series["discount_type"] == "PERC" and series["discount_value"] > 100:
        problems.add(below(path, "discount_value"), "must be at most 100 percent")


_PROPERTY: Final = AnyOf(
    {str: Text(1000, lines=True), int: Number(6), Decimal: Number(6), bool: Flag()}, "must be text, a number, true or false"
)
COUPON_SERIES_SCHEMA: Final = Struct(
    {
        "code": required(Text(50)),
        "name": optional(Text(200)),
        "description": optional(Text(1000, lines=True), ""),
        "discount_type": required(OneOf("PERC", "FLAT")),
        "discount_value": required(Number(3)),
        "discount_code": optional(Text(50), ""),
        "valid_days": optional(Whole(1, 36_500)),
        "valid_till": optional(Day()),
        # 0 and null: unlimited.
        "redemptions_per_coupon": nullable(Whole(0, 1_000_000), 1),
        "stores": optional(CODES, []),
        "custom_properties": optional(MapOf(Text(100), _PROPERTY), {}),
    },
    _check_discount,
)


def check_coupon_series(document: Document, problems: Problems) -> None:
    """Stores of coupon series exist."""
    stores = codes_of(document, "stores")
    for path, series in list_rows(document, "coupon_series"):
        check_names(series["stores"], stores, "store", f"{path}.stores", problems)


COUPON_SERIES: Final = stored_section(
    "coupon_series", optional(ListOf(COUPON_SERIES_SCHEMA, key=("code",)), []), check=check_coupon_series
)
