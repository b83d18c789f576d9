"""`manage.py import_interactions --organization CODE FILE`: imports interactions with customers (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
from engagement.interactions.imports import (
    CODES,
    CONSTRAINTS,
    FREE_TEXT,
    check_interaction_columns,
    import_interactions,
    read_interaction_row,
)
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand


class Command(ImportCommand):
    """Brings the interactions of a file."""

    name = "import_interactions"
    help = "Imports messages, check-ins, surveys and posts of customers from a CSV file: docs/imports.md."
    about = "Messages, check-ins, surveys and posts of customers"
    moves_points = False

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_interaction_columns(columns)
        return Worker(
            work=InteractionBatch(by).work,
            constraints=dict.fromkeys(CONSTRAINTS, Code.INVALID_INPUT),
            fallback=Code.INVALID_INPUT,
            free_text=FREE_TEXT,
            codes=CODES,
        )


@dataclass(frozen=True, slots=True)
class InteractionBatch:
    """Works rows of an interactions file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        read = read_rows(
            rows, partial(read_interaction_row, zone=organization.zone, now=clock.now()), organization=organization
        )
        return work_sound(read, lambda sound: map(RowResult, import_interactions(sound, by=self.by)))
