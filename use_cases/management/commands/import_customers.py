"""Import of customers from a CSV file: `manage.py import_customers --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandParser

from customers.identifiers.numbering import ExternalIds
from customers.registration.context import InputContext, load_input_context
from customers.registration.imports import CODES, CustomerColumns, check_cells, read_columns
from customers.registration.input import CustomerInput, read_customer_input
from customers.registration.options import RegistrationOptions
from customers.registration.refusals import explained
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, RowStatus, refused
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import Item, optional
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand
from organizations.tenancy.models import Organization
from use_cases.registration import CONSTRAINTS, Registration, register_all


class Command(ImportCommand):
    """Registers the customers of a file, and updates known ones."""

    name = "import_customers"
    help = "Imports customers from a CSV file: docs/imports.md."
    about = "Customers, with their identifiers, names, fields and consents"
    moves_points = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--on-existing` to the common options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--on-existing",
            choices=["update", "skip", "reject"],
            default="update",
            help="known customers: update them (default), leave them unchanged, or reject the row (1014)",
        )

    def options_that_matter(self, options: Mapping[str, Any]) -> str:
        """The options on which the results of rows depend."""
        return f"on-existing={options['on_existing']}"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:
        """A worker for these columns. Raises `ColumnsError`."""
        registration = RegistrationOptions(if_existing=options["on_existing"], corrects_registration=True, always_touch=False)
        customer_columns = read_columns(columns, load_input_context([], by=by))
        policy = by.organization.policy
        external_ids = ExternalIds(policy)
        rows = CustomerRows(customer_columns, by=by, options=registration, external_ids=external_ids)
        return Worker(
            work=rows.work,
            prepare=external_ids.draw if policy.generates_external_ids else None,
            constraints=CONSTRAINTS,
            fallback=Code.ADD_FAILED,
            free_text=customer_columns.free_text,
            codes=CODES,
        )


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """Importer of the rows of a customers file."""

    columns: CustomerColumns
    by: Actor
    options: RegistrationOptions
    external_ids: ExternalIds

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """Import rows by the rules of add; a row with an `id` updates that customer (docs/protocol.md 2.4). A result a row."""
        items = [self.columns.item(values) for values in rows]
        context = load_input_context(items, by=self.by)
        inputs = [self._read(values, item, context) for values, item in zip(rows, items, strict=True)]
        valid = [given for given in inputs if isinstance(given, CustomerInput)]
        with self.external_ids.returned_on_error():
            registered = iter(
                register_all(valid, options=self.options, context=context, by=self.by, external_ids=self.external_ids)
            )
        results = [next(registered) if isinstance(given, CustomerInput) else given for given in inputs]
        return [_row_result(result, values, self.by.organization) for result, values in zip(results, rows, strict=True)]

    def _read(self, values: Values, item: Item, context: InputContext) -> CustomerInput | LoyaltyError:
        try:
            check_cells(values, self.columns)
            customer_input = read_customer_input(item, context, action="update" if optional(item, "id") else "add")
        except LoyaltyError as error:
            return error
        if optional(item, "preferred_store") and customer_input.customer.preferred_store is None:
            customer_input.notices.append(Notice(Code.PREFERRED_STORE_NOT_FOUND))
        return customer_input


def _row_result(result: Registration | LoyaltyError, values: Values, organization: Organization) -> RowResult:
    if isinstance(result, LoyaltyError):
        return refused(explained(result, values, organization))
    if result.is_new:
        return RowResult(RowStatus.CREATED, warnings=result.notices, record_id=result.customer.pk)
    return RowResult(RowStatus.UPDATED if result.is_changed else RowStatus.UNCHANGED, warnings=result.notices)
