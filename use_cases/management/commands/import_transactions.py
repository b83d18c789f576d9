"""How do many bills come in at once? `manage.py import_transactions --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customers.lookup.resolve import resolve_rows
from engagement.bills.draft import BillDraft
from engagement.bills.imports.bills import read_bill_columns, read_bill_row
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.imports.batches import Values, Worker
from loyalty_project.imports.results import RowResult, RowStatus, rejected
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.audit.actors import Actor
from organizations.fields.models import FieldDefinition
from organizations.imports.command import ImportCommand
from organizations.locations.lookup import Locations, find_locations
from use_cases.purchases import CONSTRAINTS, Purchase, record_purchases


class Command(ImportCommand):
    """Records the bills and returns of a file."""

    name = "import_transactions"
    help = "Imports bills from a CSV file: docs/imports.md."

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """A worker for these columns. Raises `ColumnsError`."""
        fields = FieldDefinition.objects.filter(category=FieldDefinition.Category.TRANSACTION)
        batch = BillBatch(read_bill_columns(columns, list(fields)), by=by)
        return Worker(work=batch.work, constraints=CONSTRAINTS, fallback=Code.INVALID_INPUT)


@dataclass(frozen=True, slots=True)
class BillBatch:
    """What is done with the rows of a transactions file."""

    fields: Mapping[str, FieldDefinition]
    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """An outcome for each row, those of one customer worked in the order of their billing time."""
        organization = self.by.organization
        owners = resolve_rows(rows, organization=organization, policy=organization.policy)
        places = find_locations(stores=_named(rows, "store_code"), tills=_named(rows, "till_code"))
        read = [self._read(row, owner, places) for row, owner in zip(rows, owners, strict=True)]
        drafts = [one[0] for one in read if not isinstance(one, LoyaltyError)]
        worked = iter(record_purchases(drafts, catalog=load_catalog(), by=self.by, now=clock.now(), is_history=True))
        return [rejected(_code(one)) if isinstance(one, LoyaltyError) else _outcome(next(worked), one[1]) for one in read]

    def _read(self, row: Values, owner: int | LoyaltyError, places: Locations) -> tuple[BillDraft, list[Notice]] | LoyaltyError:
        if isinstance(owner, LoyaltyError):
            return owner
        try:
            return read_bill_row(
                row, customer_id=owner, organization=self.by.organization, locations=places, fields=self.fields
            )
        except LoyaltyError as refusal:
            return refusal


def _named(rows: Sequence[Values], column: str) -> set[str]:
    return {value for row in rows if (value := row.get(column, "").strip())}


def _outcome(result: Purchase | LoyaltyError, notices: Sequence[Notice]) -> RowResult:
    if isinstance(result, LoyaltyError):
        return rejected(_code(result))
    if not result.recorded.is_new:
        return RowResult(RowStatus.UNCHANGED)
    return RowResult(RowStatus.CREATED, warnings=[*notices, *result.notices])


def _code(refusal: LoyaltyError) -> Code:
    """Files speak the codes of the customer API, which has 400 for whatever is wrong with a bill (docs/protocol.md 7)."""
    return refusal.code if isinstance(refusal.code, Code) else Code.INVALID_INPUT
