"""Section `card_series` of the organization file."""

from typing import Any, Final

from organizations.card_series.models import CardSeries
from organizations.organization_file.common_keys import ACTIVE
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import Flag, ListOf, OneOf, Struct, Whole, column_text, optional, required
from organizations.organization_file.sections import Document, Section, list_rows
from organizations.tenancy.models import Organization


def _check_prefix(series: dict[str, Any], path: str, problems: Problems) -> None:
    if len(series["prefix"]) >= series["length"]:
        problems.add(below(path, "prefix"), "must be shorter than the whole number")


CARD_SERIES: Final = Struct(
    {
        "code": required(column_text(CardSeries, "code")),
        "name": required(column_text(CardSeries, "name")),
        "type": optional(OneOf(*CardSeries.Type.values), "PHYSICAL"),
        "generate": optional(Flag(), default=False),
        "prefix": optional(column_text(CardSeries, "prefix"), ""),
        "length": optional(Whole(4, 50), 16),
        "active": ACTIVE,
    },
    _check_prefix,
)
SERIES_TABLE: Final = Table(
    model=CardSeries,
    key_of=lambda row: row.code,
    label=lambda row: f"card series {row.code}",
    file_keys={"is_active": "active", "generates": "generate"},
)
_SAME_KEYS: Final = ("code", "name", "type", "prefix", "length")


def load_card_series(document: Document, rows: RowChanges) -> None:
    """Make card series equal to the document."""
    rows.apply(SERIES_TABLE, [_series_row(path, series) for path, series in list_rows(document, "card_series")])


def dump_card_series(_organization: Organization) -> list[dict[str, Any]]:
    """Card series, by code."""
    return [
        {
            **{name: getattr(series, name) for name in _SAME_KEYS},
            "generate": series.generates,
            "active": series.is_active,
        }
        for series in CardSeries.objects.all()
    ]


CARD_SERIES_SECTION: Final = Section(
    name="card_series",
    schema=optional(ListOf(CARD_SERIES, key=("code",)), []),
    load=load_card_series,
    dump=dump_card_series,
)


def _series_row(path: str, series: dict[str, Any]) -> WantedRow:
    values = {name: series[name] for name in _SAME_KEYS}
    return WantedRow(series["code"], path, {**values, "generates": series["generate"], "is_active": series["active"]})
