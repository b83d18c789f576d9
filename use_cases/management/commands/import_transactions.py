"""Import of bills from a CSV file: `manage.py import_transactions --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
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
from organizations.locations.lookup import find_row_locations
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
    """Importer of the rows of a transactions file."""

    fields: Mapping[str, FieldDefinition]
    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """Import rows; the bills of a customer in the order of their billing time. A result a row."""
        organization = self.by.organization
        locations = find_row_locations(rows)
        read = read_rows(
            rows,
            partial(read_bill_row, organization=organization, locations=locations, fields=self.fields),
            organization=organization,
            policy=organization.policy,
        )
        drafts = [result[0] for result in read if not isinstance(result, LoyaltyError)]
        recorded = iter(record_purchases(drafts, catalog=load_catalog(), by=self.by, now=clock.now(), is_history=True))
        return [
            rejected(_code(result)) if isinstance(result, LoyaltyError) else _row_result(next(recorded), result[1])
            for result in read
        ]


def _row_result(result: Purchase | LoyaltyError, notices: Sequence[Notice]) -> RowResult:
    if isinstance(result, LoyaltyError):
        return rejected(_code(result))
    if not result.recorded.is_new:
        return RowResult(RowStatus.UNCHANGED)
    return RowResult(RowStatus.CREATED, warnings=[*notices, *result.notices])


def _code(refusal: LoyaltyError) -> Code:
    """Files use the codes of the customer API; all errors of bills are 400 there (docs/protocol.md 7)."""
    return refusal.code if isinstance(refusal.code, Code) else Code.INVALID_INPUT
