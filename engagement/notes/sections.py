"""Sections of notes: in customer/get and customer/notes (docs/protocol.md 4.5, 4.8)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.notes.payloads import listed_note

# The part that these sections print.
NOTES: Final = "notes"
MOST_ROWS: Final = 1000


def _rows(condition: str = "") -> str:
    return f"""(
        SELECT json_agg(json_build_array(note.id, note.description, note.noted_at)
            ORDER BY note.noted_at DESC, note.id DESC)::text
        FROM (
            SELECT note.id, note.description, note.noted_at FROM engagement_note AS note
            WHERE note.organization_id = %(organization)s AND note.customer_id = customer.id{condition}
            ORDER BY note.noted_at DESC, note.id DESC LIMIT {MOST_ROWS}
        ) AS note
    )"""  # noqa: S608 - made of constants


def _display(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    rows = orjson.loads(values[0]) if values[0] else []
    return {NOTES: [listed_note(pk, text, datetime.fromisoformat(at), reading.zone) for pk, text, at in rows]}


def _associate(reading: Reading) -> Mapping[str, Any]:
    return {"note_associate": reading.options}


ALL: Final = Section(columns=(_rows(),), display=_display)
# Of the associate whose id the options of the read are.
OF_ASSOCIATE: Final = Section(
    columns=(_rows(" AND note.associate_id = %(note_associate)s"),), display=_display, parameters=_associate
)


def notes_of_profile(reading: Reading) -> Section | None:
    """`notes` of customer/get: the latest 1,000, newest first."""
    return None if reading.wants("basic") else ALL
