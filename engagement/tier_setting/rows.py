"""Rows of a tiers file: the tier that another system knows of a customer (docs/imports.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from loyalty_project.imports.cells import Values, day_cell, moment_cell, refusal, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns

REQUIRED: Final = ("tier",)
COLUMNS: Final = (*IDENTIFIERS, *REQUIRED, "program", "since", "expires_on", "locked_until", "note")
LONGEST_NOTE: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRow:
    """One tier of a customer. `program` is a name, "" for the default one; without `since` it is held from now on."""

    customer_id: int
    tier: str
    program: str = ""
    since: datetime | None = None
    expires_on: date | None = None
    locked_until: date | None = None
    note: str = ""


def check_tier_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=REQUIRED)


def read_tier_row(row: Values, *, customer_id: int, zone: ZoneInfo, now: datetime) -> TierRow:
    """The tier of a row. Raises `LoyaltyError` 400 for what is malformed, and for a tier that begins in the future."""
    since = moment_cell(row, "since", zone)
    if since is not None and since > now:
        raise refusal(row, "since", "is in the future")
    expires_on = day_cell(row, "expires_on", zone)
    if expires_on is not None and expires_on < (since or now).astimezone(zone).date():
        raise refusal(row, "expires_on", "is before the tier begins")
    return TierRow(
        customer_id=customer_id,
        tier=text_cell(row, "tier", is_required=True),
        program=text_cell(row, "program"),
        since=since,
        expires_on=expires_on,
        locked_until=day_cell(row, "locked_until", zone),
        note=text_cell(row, "note", most=LONGEST_NOTE),
    )
