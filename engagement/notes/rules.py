"""Notes as a call sends them. Pure functions (docs/protocol.md 4.8)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from loyalty_project.protocol.plain_text import read_code, visible
from loyalty_project.protocol.values import Item, optional, rows, text

LONGEST: Final = 255
LONGEST_ASSOCIATE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNote:
    """A note as sent. `number` is the id of the note to change, "" for a new one; `noted_at` is None without a date.

    `is_sound` is false for a blank or long description, and for a date that cannot be read.
    """

    number: str
    description: str
    date: str
    noted_at: datetime | None
    is_sound: bool


UNREADABLE: Final = SentNote(number="", description="", date="", noted_at=None, is_sound=False)


def read_notes(item: Item, zone: ZoneInfo) -> list[SentNote]:
    """The notes of an item, in order. Raises `LoyaltyError` 400 for more than 100."""
    return [_read_note(row, zone) for row in rows(item, "notes", "note")]


def _read_note(row: Item, zone: ZoneInfo) -> SentNote:
    try:
        number, date, description = optional(row, "id"), optional(row, "date"), clean(text(row, "description"))
    except LoyaltyError:
        # An object or a list in place of text.
        return UNREADABLE
    noted_at = read_moment(date, zone) if date else None
    is_sound = 0 < len(description) <= LONGEST and (noted_at is not None or not date)
    return SentNote(number=number, description=description, date=date, noted_at=noted_at, is_sound=is_sound)


def clean(description: str) -> str:
    """The text without surrounding blanks and invisible characters. Line breaks stay."""
    return visible(description).strip()


def read_associate(given: str) -> str:
    """The id of an associate in canonical form. Raises `LoyaltyError` 400 for more than 100 characters."""
    associate_id = read_code(given)
    if len(associate_id) > LONGEST_ASSOCIATE:
        raise LoyaltyError(Code.INVALID_INPUT)
    return associate_id


def changes_notes(item: object) -> bool:
    """True if an item names a note to change: its answer is that of an update (docs/protocol.md 1.5, 1.7)."""
    try:
        sent = rows(item, "notes", "note") if isinstance(item, dict) else []
        return any(optional(row, "id") for row in sent)
    except LoyaltyError:
        return False
