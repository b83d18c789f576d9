"""How do many customers come in at once? `manage.py import_customers --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandParser

from customers.registration.context import load_input_context
from customers.registration.imports import CustomerColumns, check_consents, read_columns
from customers.registration.input import CustomerInput, InputContext, read_customer_input
from loyalty_project.imports.batches import Values, Worker
from loyalty_project.imports.results import RowResult, RowStatus, rejected
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.values import Item, optional
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand
from use_cases.registration import CONSTRAINTS, IfExisting, Registration, register_all


class Command(ImportCommand):
    """Registers the customers of a file, and updates those who are known."""

    name = "import_customers"
    help = "Imports customers from a CSV file: docs/imports.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Reads the common options, and what to do with customers who are known already."""
        super().add_arguments(parser)
        parser.add_argument(
            "--on-existing",
            choices=["update", "skip", "reject"],
            default="update",
            help="customers who are known: update them (default), leave them alone, or reject the row (1014)",
        )

    def options_that_matter(self, options: Mapping[str, Any]) -> str:
        """Rows come to something else with another `--on-existing`."""
        return f"on-existing={options['on_existing']}"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:
        """A worker for these columns. Raises `ColumnsError`."""
        batch = CustomerBatch(read_columns(columns, load_input_context([], by=by)), by=by, if_existing=options["on_existing"])
        return Worker(work=batch.work, constraints=CONSTRAINTS, fallback=Code.ADD_FAILED)


@dataclass(frozen=True, slots=True)
class CustomerBatch:
    """What is done with the rows of a customers file."""

    columns: CustomerColumns
    by: Actor
    if_existing: IfExisting

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """An outcome for each row, by the rules of add; one with an `id` updates that customer (docs/protocol.md 2.4)."""
        items = [self.columns.item(values) for values in rows]
        context = load_input_context(items, by=self.by)
        read = [_read(values, item, context) for values, item in zip(rows, items, strict=True)]
        worked = iter(
            register_all(
                [draft for draft in read if isinstance(draft, CustomerInput)],
                context=context,
                by=self.by,
                may_create=True,
                if_existing=self.if_existing,
                corrects_registration=True,
                always_touch=False,
            )
        )
        return [_outcome(next(worked) if isinstance(draft, CustomerInput) else draft) for draft in read]


def _read(values: Values, item: Item, context: InputContext) -> CustomerInput | LoyaltyError:
    try:
        check_consents(values)
        draft = read_customer_input(item, context, action="update" if optional(item, "id") else "add")
    except LoyaltyError as refusal:
        return refusal
    if optional(item, "preferred_store") and draft.customer.preferred_store is None:
        draft.notices.append(Notice(Code.PREFERRED_STORE_NOT_FOUND))
    return draft


def _outcome(result: Registration | LoyaltyError) -> RowResult:
    if isinstance(result, LoyaltyError):
        return rejected(result.code)
    if result.is_new:
        return RowResult(RowStatus.CREATED, warnings=result.notices)
    return RowResult(RowStatus.UPDATED if result.is_changed else RowStatus.UNCHANGED, warnings=result.notices)
