"""How do the lines of bills come in? `manage.py import_line_items --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from customers.lookup.resolve import resolve_rows
from engagement.bills.draft import BillDraft, LineDraft
from engagement.bills.imports.lines import check_line_columns, read_line_row
from engagement.bills.lines import add_lines
from loyalty_project.imports.batches import Values, Worker
from loyalty_project.imports.results import RowResult, RowStatus, rejected, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand
from organizations.locations.lookup import Locations, find_locations

# Should a race ever get past the locks.
_CONSTRAINTS: Final = {"bill_line_position_unique": Code.INVALID_INPUT}


class Command(ImportCommand):
    """Adds the lines of a file to the bills that they name."""

    name = "import_line_items"
    help = "Imports the lines of bills from a CSV file: docs/imports.md."

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - none matter
        """A worker for these columns. Raises `ColumnsError`."""
        check_line_columns(columns)
        return Worker(work=LineBatch(by).work, constraints=_CONSTRAINTS, fallback=Code.INVALID_INPUT)


@dataclass(frozen=True, slots=True)
class LineBatch:
    """What is done with the rows of a line items file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """An outcome for each row."""
        organization = self.by.organization
        owners = resolve_rows(rows, organization=organization, policy=organization.policy)
        places = find_locations(
            stores={row["store_code"].strip() for row in rows if row.get("store_code")},
            tills={row["till_code"].strip() for row in rows if row.get("till_code")},
        )
        return work_sound([self._read(row, owner, places) for row, owner in zip(rows, owners, strict=True)], self._add)

    def _read(self, row: Values, owner: int | LoyaltyError, places: Locations) -> tuple[BillDraft, LineDraft] | LoyaltyError:
        if isinstance(owner, LoyaltyError):
            return owner
        try:
            return read_line_row(row, customer_id=owner, organization=self.by.organization, locations=places)
        except LoyaltyError as refusal:
            return refusal

    def _add(self, lines: Sequence[tuple[BillDraft, LineDraft]]) -> list[RowResult]:
        return [
            rejected(one.code)
            if isinstance(one, LoyaltyError)
            else RowResult(RowStatus.CREATED if one else RowStatus.UNCHANGED)
            for one in add_lines(lines, organization=self.by.organization)
        ]
