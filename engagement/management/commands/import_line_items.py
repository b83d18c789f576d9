"""How do the lines of bills come in? `manage.py import_line_items --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from customers.services.row_customers import resolve_rows
from engagement.bills import BillDraft, LineDraft
from engagement.line_rows import check_line_columns, read_line_row
from engagement.services.bill_lines import add_lines
from loyalty_project.api.codes import Code
from loyalty_project.api.errors import LoyaltyError
from loyalty_project.imports.batches import Values, Worker
from loyalty_project.imports.outcomes import Fate, Outcome, rejected, work_sound
from organizations.actors import Actor
from organizations.imports.command import ImportCommand
from organizations.services.places import Places, named_places

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

    def work(self, rows: Sequence[Values]) -> list[Outcome]:
        """An outcome for each row."""
        organization = self.by.organization
        owners = resolve_rows(rows, organization=organization, policy=organization.policy)
        places = named_places(
            stores={row["store_code"].strip() for row in rows if row.get("store_code")},
            tills={row["till_code"].strip() for row in rows if row.get("till_code")},
        )
        return work_sound([self._read(row, owner, places) for row, owner in zip(rows, owners, strict=True)], self._add)

    def _read(self, row: Values, owner: int | LoyaltyError, places: Places) -> tuple[BillDraft, LineDraft] | LoyaltyError:
        if isinstance(owner, LoyaltyError):
            return owner
        try:
            return read_line_row(row, customer_id=owner, organization=self.by.organization, places=places)
        except LoyaltyError as refusal:
            return refusal

    def _add(self, lines: Sequence[tuple[BillDraft, LineDraft]]) -> list[Outcome]:
        return [
            rejected(one.code) if isinstance(one, LoyaltyError) else Outcome(Fate.CREATED if one else Fate.UNCHANGED)
            for one in add_lines(lines, organization=self.by.organization)
        ]
