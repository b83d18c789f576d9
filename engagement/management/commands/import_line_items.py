"""`manage.py import_line_items --organization CODE FILE`: imports lines of bills (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from customers.lookup.resolve import read_rows
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.imports.lines import CODES, FREE_TEXT, bill_of_row, check_line_columns, read_line_row
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, RowStatus, refused, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand
from organizations.locations.lookup import find_row_locations
from use_cases.purchases import record_lines

# In case a race gets past the locks.
_CONSTRAINTS: Final = {"bill_line_position_unique": Code.INVALID_INPUT}


class Command(ImportCommand):
    """Adds the lines of a file to the bills that they name, which then earn what they earn with their lines."""

    name = "import_line_items"
    help = "Imports the lines of bills from a CSV file: docs/imports.md."
    about = "The lines of bills that are already here"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - none matter
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_line_columns(columns)
        return Worker(
            work=LineBatch(by).work,
            constraints=_CONSTRAINTS,
            fallback=Code.INVALID_INPUT,
            free_text=FREE_TEXT,
            codes=CODES,
            together=bill_of_row,
        )


@dataclass(frozen=True, slots=True)
class LineBatch:
    """Works rows of a line items file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        read = partial(read_line_row, organization=organization, locations=find_row_locations(rows))
        return work_sound(read_rows(rows, read, organization=organization), self._add)

    def _add(self, lines: Sequence[tuple[BillDraft, LineDraft]]) -> list[RowResult]:
        catalog, now = current_catalog(), clock.now()
        return [
            refused(result)
            if isinstance(result, LoyaltyError)
            else RowResult(RowStatus.CREATED if result.is_new else RowStatus.UNCHANGED, warnings=result.notices)
            for result in record_lines(lines, catalog=catalog, by=self.by, now=now)
        ]
