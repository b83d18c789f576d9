"""Section `coupon_series` of the organization file.

A series is matched by code. Its terms are one document: if they differ from the newest version's, a version is added. Coupons
keep the version under which they were issued.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from engagement.coupons.catalog import load_series
from engagement.coupons.models import CouponSeries, CouponSeriesVersion
from organizations.organization_file.common_keys import ACTIVE, CODES, check_order
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.references import check_names, check_numbers, codes_of
from organizations.organization_file.rows import RowChanges, Table, WantedRow
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
    column_text,
    nullable,
    optional,
    required,
)
from organizations.organization_file.sections import Document, Section, as_json, list_rows
from organizations.organization_file.versions import VersionTable, WantedDocument, add_versions
from organizations.tenancy.models import Organization

# Keys of the series itself; all others are terms.
OWN_KEYS: Final = ("code", "external_id", "active")
_MOST: Final = 1_000_000_000
_SERIES: Final = Table(
    model=CouponSeries, key_of=lambda row: row.code, label=lambda row: f"coupon series {row.code}"
)  # fmt: skip
_VERSIONS: Final = VersionTable(model=CouponSeriesVersion, owner="series", document="terms")
_check_days = check_order("starts_on", "valid_till")
SeriesRows = Sequence[tuple[str, Mapping[str, Any]]]


def _check_discount(series: dict[str, Any], path: str, problems: Problems) -> None:
    if series["valid_days"] is not None and series["valid_till"] is not None:
        problems.add(below(path, "valid_till"), "does not go with valid_days")
    if series["discount_type"] == "PERC" and series["discount_value"] > 100:
        problems.add(below(path, "discount_value"), "must be at most 100 percent")
    _check_days(series, path, problems)


_PROPERTY: Final = AnyOf(
    {str: Text(1000, lines=True), int: Number(6), Decimal: Number(6), bool: Flag()}, "must be text, a number, true or false"
)
COUPON_SERIES_SCHEMA: Final = Struct(
    {
        "code": required(column_text(CouponSeries, "code")),
        "external_id": optional(Whole(1, 999_999_999_999_999_999)),
        "name": optional(Text(200)),
        "description": optional(Text(1000, lines=True), ""),
        "discount_type": required(OneOf("PERC", "FLAT")),
        "discount_value": required(Number(3)),
        "discount_code": optional(Text(50), ""),
        "valid_days": optional(Whole(1, 36_500)),
        "valid_till": optional(Day()),
        "starts_on": optional(Day()),
        "min_bill_amount": optional(Number(3)),
        "max_discount": optional(Number(3)),
        # 0 and null: unlimited.
        "redemptions_per_coupon": nullable(Whole(0, 1_000_000), 1),
        "max_coupons": optional(Whole(1, _MOST)),
        "max_per_customer": optional(Whole(1, 1_000_000)),
        "stores": optional(CODES, []),
        "custom_properties": optional(MapOf(Text(100), _PROPERTY), {}),
        "active": ACTIVE,
    },
    _check_discount,
)


def check_coupon_series(document: Document, problems: Problems) -> None:
    """Stores of coupon series exist; a number names one series."""
    stores = codes_of(document, "stores")
    for path, series in list_rows(document, "coupon_series"):
        check_names(series["stores"], stores, "store", f"{path}.stores", problems)
    check_numbers(document, "coupon_series", problems)


def load_coupon_series(document: Document, rows: RowChanges) -> None:
    """Make series and versions equal to a checked document (see `sections.Section`)."""
    series_rows: SeriesRows = list_rows(document, "coupon_series")
    _release_numbers(series_rows, rows)
    series = rows.apply(_SERIES, [WantedRow(row["code"], path, _values(row)) for path, row in series_rows])
    newest = {current.series.pk: current.version for current in load_series().by_id.values()}
    wanted = [WantedDocument(owner=series[row["code"]], path=path, document=terms_of(row)) for path, row in series_rows]
    add_versions(_VERSIONS, wanted, newest, rows)


def dump_coupon_series(_organization: Organization) -> list[dict[str, Any]]:
    """The series of the scope's organization as the file has them, by code."""
    return [
        {
            "code": current.series.code,
            "external_id": current.series.external_id,
            "active": current.series.is_active,
            **current.version.terms,
        }
        for current in sorted(load_series().by_id.values(), key=lambda current: current.series.code)
    ]


COUPON_SERIES: Final = Section(
    name="coupon_series",
    schema=optional(ListOf(COUPON_SERIES_SCHEMA, key=("code",)), []),
    check=check_coupon_series,
    load=load_coupon_series,
    dump=dump_coupon_series,
)


def terms_of(series: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a series of a checked document, as a version stores them."""
    shown: dict[str, Any] = as_json(COUPON_SERIES_SCHEMA, series)
    return {name: value for name, value in shown.items() if name not in OWN_KEYS}


def _values(series: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": series["code"], "external_id": series["external_id"], "is_active": series["active"]}


def _release_numbers(series_rows: SeriesRows, rows: RowChanges) -> None:
    """Take the number from a series that the file does not name, if the file gives it to another one."""
    numbers = {row["external_id"] for _, row in series_rows} - {None}
    codes = {row["code"] for _, row in series_rows}
    for series in CouponSeries.objects.filter(external_id__in=numbers).exclude(code__in=codes):
        old, series.external_id = series.external_id, None
        series.save(update_fields=["external_id"])
        rows.record_change(series, _SERIES.label(series), {"external_id": old}, {"external_id": None})
