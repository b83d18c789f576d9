"""`manage.py import_tickets --organization CODE FILE`: imports tickets (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.fields.models import FieldDefinition
from organizations.imports.command import ImportCommand
from tickets.choices.catalog import load_ticket_choices
from tickets.ticket.fields import load_ticket_fields
from tickets.ticket.imports import CODES, FREE_TEXT, import_tickets, read_ticket_columns, read_ticket_row
from tickets.ticket.services import CONSTRAINTS


class Command(ImportCommand):
    """Brings the tickets of a file."""

    name = "import_tickets"
    help = "Imports tickets from a CSV file: docs/imports.md."
    about = "Tickets of customers"
    moves_points = False

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        definitions = read_ticket_columns(columns, current_configuration().part(load_ticket_fields))
        texts = [column for column, definition in definitions.items() if definition.type == FieldDefinition.Type.TEXT]
        return Worker(
            work=TicketBatch(by, definitions).work,
            constraints=CONSTRAINTS,
            fallback=Code.TICKET_FAILED,
            free_text=(*FREE_TEXT, *texts),
            codes=CODES,
        )


@dataclass(frozen=True, slots=True)
class TicketBatch:
    """Works rows of a ticket file."""

    by: Actor
    columns: Mapping[str, FieldDefinition]

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        configuration = current_configuration()
        choices = configuration.part(load_ticket_choices)
        read = read_rows(
            rows,
            partial(
                read_ticket_row,
                zone=organization.zone,
                choices=choices,
                fields=configuration.part(load_ticket_fields),
                columns=self.columns,
                now=clock.now(),
            ),
            organization=organization,
        )
        return work_sound(read, lambda sound: import_tickets(sound, choices=choices, by=self.by))
