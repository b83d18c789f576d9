"""`manage.py import_notes --organization CODE FILE`: imports notes about customers (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
from engagement.notes.imports import CODES, FREE_TEXT, check_note_columns, import_notes, read_note_row
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand


class Command(ImportCommand):
    """Brings the notes of a file."""

    name = "import_notes"
    help = "Imports notes about customers from a CSV file: docs/imports.md."
    about = "Notes about customers"
    moves_points = False

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_note_columns(columns)
        return Worker(work=NoteBatch(by).work, constraints={}, fallback=Code.NOTES_NOT_SAVED, free_text=FREE_TEXT, codes=CODES)


@dataclass(frozen=True, slots=True)
class NoteBatch:
    """Works rows of a notes file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        read = read_rows(rows, partial(read_note_row, zone=organization.zone), organization=organization)
        return work_sound(read, lambda sound: map(RowResult, import_notes(sound, by=self.by)))
