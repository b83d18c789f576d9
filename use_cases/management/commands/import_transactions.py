"""Import of bills from a CSV file: `manage.py import_transactions --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
from engagement.bills.draft import BillDraft
from engagement.bills.imports.bills import CODES, free_text_of, read_bill_columns, read_bill_row
from engagement.bills.imports.refusals import explained_bill
from engagement.programs.catalog import ProgramCatalog, load_catalog
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values, precision_problem, refusal
from loyalty_project.imports.numbers import has_decimals
from loyalty_project.imports.results import RowResult, RowStatus, refused
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.fields.models import FieldDefinition
from organizations.imports.command import ImportCommand
from organizations.locations.lookup import find_row_locations
from referrals.campaigns.catalog import load_campaigns
from use_cases.purchases import CONSTRAINTS, Purchase, record_purchases

Read = tuple[BillDraft, list[Notice]] | LoyaltyError


class Command(ImportCommand):
    """Records the bills and returns of a file."""

    name = "import_transactions"
    help = "Imports bills from a CSV file: docs/imports.md."
    about = "Bills and returns, which earn points by the rules of their time"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """A worker for these columns. Raises `ColumnsError`."""
        fields = FieldDefinition.objects.filter(category=FieldDefinition.Category.TRANSACTION)
        batch = BillBatch(read_bill_columns(columns, list(fields)), by=by)
        return Worker(
            work=batch.work,
            constraints=CONSTRAINTS,
            fallback=Code.INVALID_INPUT,
            free_text=free_text_of(batch.fields),
            codes=CODES,
        )


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
        )
        configuration = current_configuration()
        catalog, campaigns = configuration.part(load_catalog), configuration.part(load_campaigns)
        read = _check_precision(rows, read, catalog)
        drafts = [result[0] for result in read if not isinstance(result, LoyaltyError)]
        recorded = iter(
            record_purchases(drafts, catalog=catalog, campaigns=campaigns, by=self.by, now=clock.now(), is_history=True)
        )
        return [
            refused(explained_bill(result, row))
            if isinstance(result, LoyaltyError)
            else _row_result(next(recorded), result[1], row)
            for row, result in zip(rows, read, strict=True)
        ]


def _check_precision(rows: Sequence[Values], read: Sequence[Read], catalog: ProgramCatalog) -> list[Read]:
    """The rows as they were read; refused if they state points with more decimals than the program that gets them has."""
    stating = [result[0].customer_id for result in read if not isinstance(result, LoyaltyError) and result[0].stated_points]
    series = catalog.card_series_of({pk for pk in stating if pk is not None}) if stating else {}
    return [_check_points(row, result, catalog, series) for row, result in zip(rows, read, strict=True)]


def _check_points(row: Values, result: Read, catalog: ProgramCatalog, series: Mapping[int, Collection[int]]) -> Read:
    if isinstance(result, LoyaltyError) or not result[0].stated_points:
        return result
    draft = result[0]
    programs = catalog.programs_for(draft.store, card_series=series.get(draft.customer_id or 0, ())).both()
    if not programs or has_decimals(result[0].stated_points, programs[0].rules.precision):
        return result
    return refusal(row, "points", precision_problem(programs[0].rules.precision))


def _row_result(result: Purchase | LoyaltyError, notices: Sequence[Notice], row: Values) -> RowResult:
    if isinstance(result, LoyaltyError):
        return refused(explained_bill(result, row))
    if not result.recorded.is_new:
        return RowResult(RowStatus.UNCHANGED)
    return RowResult(RowStatus.CREATED, warnings=[*notices, *result.notices], record_id=result.recorded.bill.pk)
