"""Which posting is a row of a points file? (docs/imports.md)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from engagement.numbers.rounding import MOST_POINTS
from engagement.points.models import PointsEntry
from loyalty_project.imports.batches import Values
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from organizations.locations.lookup import Locations, UnknownLocationError
from organizations.locations.models import Store, Till

Kind = PointsEntry.Kind
KINDS = frozenset({Kind.AWARD, Kind.REDEEM, Kind.ADJUST, Kind.EXPIRE})
REQUIRED = ("kind", "points", "occurred_at", "reference")
COLUMNS = (*IDENTIFIERS, *REQUIRED, "program", "expires_on", "store_code", "till_code", "note")
LONGEST_REFERENCE = 100
LONGEST_NOTE = 250
_MOST_AHEAD = timedelta(days=1)
_SMALLEST = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsRow:
    """One posting. `points` is above 0, but for an adjustment that debits; `program` is a name, "" for the default one."""

    customer_id: int
    program: str
    kind: Kind
    points: Decimal
    occurred_at: datetime
    reference: str
    expires_on: date | None = None
    store: Store | None = None
    till: Till | None = None
    note: str = ""


def check_points_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=REQUIRED)


def read_points_row(row: Values, *, customer_id: int, zone: ZoneInfo, places: Locations, now: datetime) -> PointsRow:
    """The posting of a row. Raises `LoyaltyError` 1150 for an unknown store or till, 400 for what is malformed."""
    try:
        store, till = places.find(store=_text(row, "store_code"), till=_text(row, "till_code"))
    except UnknownLocationError:
        raise LoyaltyError(Code.INVALID_STORE_ID) from None
    kind, reference, note = _text(row, "kind").upper(), _text(row, "reference"), _text(row, "note")
    occurred_at = read_moment(_text(row, "occurred_at"), zone)
    if kind not in KINDS or occurred_at is None or occurred_at > now + _MOST_AHEAD:
        raise LoyaltyError(Code.INVALID_INPUT)
    if not 0 < len(reference) <= LONGEST_REFERENCE or len(note) > LONGEST_NOTE:
        raise LoyaltyError(Code.INVALID_INPUT)
    return PointsRow(
        customer_id=customer_id,
        program=_text(row, "program"),
        kind=Kind(kind),
        points=_points(row, may_be_negative=kind == Kind.ADJUST),
        occurred_at=occurred_at,
        reference=reference,
        expires_on=_day(row, zone),
        store=store,
        till=till,
        note=note,
    )


def _text(row: Values, column: str) -> str:
    return row.get(column, "").strip()


def _points(row: Values, *, may_be_negative: bool) -> Decimal:
    try:
        points = Decimal(_text(row, "points"))
    except InvalidOperation:
        raise LoyaltyError(Code.INVALID_INPUT) from None
    if not points.is_finite() or abs(points) > MOST_POINTS or points != points.quantize(_SMALLEST):
        raise LoyaltyError(Code.INVALID_INPUT)
    if not points or (points < 0 and not may_be_negative):
        raise LoyaltyError(Code.INVALID_INPUT)
    return points


def _day(row: Values, zone: ZoneInfo) -> date | None:
    text = _text(row, "expires_on")
    if not text:
        return None
    moment = read_moment(text, zone)
    if moment is None:
        raise LoyaltyError(Code.INVALID_INPUT)
    return moment.astimezone(zone).date()
