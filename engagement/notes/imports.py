"""Notes of import files: which note a row is, and what it changes (docs/imports.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, CharField

from customers.profile.locks import lock_customers
from engagement.notes.models import Note
from engagement.notes.rules import LONGEST, LONGEST_ASSOCIATE, clean
from loyalty_project import clock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.cells import Values, code_cell, moment_cell, refusal
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor

COLUMNS: Final = (*IDENTIFIERS, "description", "date", "associate_id")
FREE_TEXT: Final = ("description",)
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "associate_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note as a file has it. `noted_at` is None if the date is blank."""

    customer_id: int
    description: str
    noted_at: datetime | None
    associate_id: str

    @property
    def identity(self) -> tuple[int, str, datetime | None]:
        """What makes two rows the same note. A row without a date is any note of the customer with its text."""
        return self.customer_id, self.description, self.noted_at


def check_note_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=("description",))


def read_note_row(row: Values, *, customer_id: int, zone: ZoneInfo) -> NoteRow:
    """The note of a row. Raises `LoyaltyError`: 1037 for a blank or long description, 400 for other cells."""
    description = clean(row.get("description", ""))
    if not description:
        raise refusal(row, "description", "no note may be", code=Code.NOTES_NOT_SAVED)
    if len(description) > LONGEST:
        problem = f"has {len(description)} characters; write at most {LONGEST}"
        raise refusal(row, "description", problem, code=Code.NOTES_NOT_SAVED)
    return NoteRow(
        customer_id=customer_id,
        description=description,
        noted_at=moment_cell(row, "date", zone),
        associate_id=code_cell(row, "associate_id", most=LONGEST_ASSOCIATE),
    )


def import_notes(rows: Sequence[NoteRow], *, by: Actor) -> list[RowStatus]:
    """Bring notes to what the rows say; a status for each, later rows see earlier ones.

    Another associate changes the note; a blank one does not. Locks the customers. At most four statements.
    """
    customers = {row.customer_id for row in rows}
    lock_customers(customers)
    texts = {row.description for row in rows}
    known: dict[tuple[int, str, datetime | None], Note] = {}
    of_customers = is_any_of("customer", customers, BigIntegerField())
    for stored in Note.objects.filter(of_customers, is_any_of("description", texts, CharField())).order_by("pk"):
        _remember(stored, known)
    added: list[Note] = []
    changed: dict[int, Note] = {}
    results: list[RowStatus] = []
    now = clock.now()
    for row in rows:
        note = known.get(row.identity)
        if note is None:
            added.append(_new_note(row, now, by))
            _remember(added[-1], known)
            results.append(RowStatus.CREATED)
        elif row.associate_id in {"", note.associate_id}:
            results.append(RowStatus.UNCHANGED)
        else:
            note.associate_id = row.associate_id
            if not note._state.adding:
                changed[note.pk] = note
            results.append(RowStatus.UPDATED)
    insert_rows(added)
    update_rows(list(changed.values()), ["associate_id"])
    return results


def _new_note(row: NoteRow, now: datetime, by: Actor) -> Note:
    return Note(
        organization=by.organization,
        customer_id=row.customer_id,
        description=row.description,
        noted_at=row.noted_at or now,
        recorded_at=now,
        associate_id=row.associate_id,
        made_by=by.name,
    )


def _remember(note: Note, known: dict[tuple[int, str, datetime | None], Note]) -> None:
    for noted_at in (note.noted_at, None):
        known.setdefault((note.customer_id, note.description, noted_at), note)
