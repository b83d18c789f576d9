"""Which posting is a row of a points file? (docs/imports.md)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from engagement.numbers.rounding import MOST_DECIMALS, MOST_POINTS
from engagement.points.models import PointsEntry
from loyalty_project.imports.cells import (
    Values,
    choice_cell,
    code_cell,
    day_cell,
    moment_cell,
    number_cell,
    refusal,
    required,
    text_cell,
)
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from organizations.locations.lookup import Locations
from organizations.locations.models import Store, Till

Kind = PointsEntry.Kind
KINDS = frozenset({Kind.AWARD, Kind.REDEEM, Kind.ADJUST, Kind.EXPIRE})
REQUIRED = ("kind", "points", "occurred_at", "reference")
COLUMNS = (*IDENTIFIERS, *REQUIRED, "program", "expires_on", "store_code", "till_code", "note")
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "reference")
LONGEST_REFERENCE = 100
LONGEST_NOTE = 250
_MOST_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRow:
    """One posting. `points` is above 0, but for an adjustment that debits; `program` is a name, "" for the default one.

    `sent_reference` is the reference as the file has it: earlier versions stored invisible characters of references.
    """

    customer_id: int
    program: str
    kind: Kind
    points: Decimal
    occurred_at: datetime
    reference: str
    sent_reference: str = ""
    expires_on: date | None = None
    store: Store | None = None
    till: Till | None = None
    note: str = ""


def check_points_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=REQUIRED)


def read_points_row(row: Values, *, customer_id: int, zone: ZoneInfo, places: Locations, now: datetime) -> PointsRow:
    """The posting of a row. Raises `LoyaltyError` 1150 for an unknown store or till, 400 for what is malformed."""
    store, till = places.of_row(row)
    kind = Kind(choice_cell(row, "kind", KINDS, is_required=True))
    occurred_at = required(moment_cell(row, "occurred_at", zone, is_required=True))
    if occurred_at > now + _MOST_AHEAD:
        raise refusal(row, "occurred_at", "is more than a day ahead")
    return PointsRow(
        customer_id=customer_id,
        program=text_cell(row, "program"),
        kind=kind,
        points=_points(row, may_be_negative=kind == Kind.ADJUST),
        occurred_at=occurred_at,
        reference=code_cell(row, "reference", most=LONGEST_REFERENCE, is_required=True),
        sent_reference=text_cell(row, "reference"),
        expires_on=day_cell(row, "expires_on", zone),
        store=store,
        till=till,
        note=text_cell(row, "note", most=LONGEST_NOTE),
    )


def _points(row: Values, *, may_be_negative: bool) -> Decimal:
    points = required(number_cell(row, "points", most=MOST_POINTS, decimals=MOST_DECIMALS, is_required=True))
    if not points:
        raise refusal(row, "points", "moves nothing")
    if points < 0 and not may_be_negative:
        raise refusal(row, "points", "is below 0, which only an ADJUST may be")
    return points
