"""How do many customers come in at once? `manage.py import_customers --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandParser

from customers.drafts import Draft, Setup, read_draft
from customers.import_columns import CustomerColumns, check_consents, read_columns
from customers.journeys.registration import CONSTRAINTS, IfExisting, Registration, work_drafts
from customers.services.setup import load_setup
from loyalty_project.api.codes import Code
from loyalty_project.api.errors import LoyaltyError, Notice
from loyalty_project.api.values import Item, optional
from loyalty_project.imports.batches import Values, Worker
from loyalty_project.imports.outcomes import Fate, Outcome, rejected
from organizations.actors import Actor
from organizations.imports.command import ImportCommand


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
        batch = CustomerBatch(read_columns(columns, load_setup([], by=by)), by=by, if_existing=options["on_existing"])
        return Worker(work=batch.work, constraints=CONSTRAINTS, fallback=Code.ADD_FAILED)


@dataclass(frozen=True, slots=True)
class CustomerBatch:
    """What is done with the rows of a customers file."""

    columns: CustomerColumns
    by: Actor
    if_existing: IfExisting

    def work(self, rows: Sequence[Values]) -> list[Outcome]:
        """An outcome for each row, by the rules of add; one with an `id` updates that customer (docs/protocol.md 2.4)."""
        items = [self.columns.item(values) for values in rows]
        setup = load_setup(items, by=self.by)
        read = [_read(values, item, setup) for values, item in zip(rows, items, strict=True)]
        worked = iter(
            work_drafts(
                [draft for draft in read if isinstance(draft, Draft)],
                setup=setup,
                by=self.by,
                may_create=True,
                if_existing=self.if_existing,
                corrects_registration=True,
                always_touch=False,
            )
        )
        return [_outcome(next(worked) if isinstance(draft, Draft) else draft) for draft in read]


def _read(values: Values, item: Item, setup: Setup) -> Draft | LoyaltyError:
    try:
        check_consents(values)
        draft = read_draft(item, setup, action="update" if optional(item, "id") else "add")
    except LoyaltyError as refusal:
        return refusal
    if optional(item, "preferred_store") and draft.customer.preferred_store is None:
        draft.notices.append(Notice(Code.PREFERRED_STORE_NOT_FOUND))
    return draft


def _outcome(result: Registration | LoyaltyError) -> Outcome:
    if isinstance(result, LoyaltyError):
        return rejected(result.code)
    if result.is_new:
        return Outcome(Fate.CREATED, warnings=result.notices)
    return Outcome(Fate.UPDATED if result.is_changed else Fate.UNCHANGED, warnings=result.notices)
