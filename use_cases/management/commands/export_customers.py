"""How do all customers get out, to come in again? `manage.py export_customers --organization CODE FILE` (docs/imports.md)."""

from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from loyalty_project.exports import STANDARD_OUTPUT, Format, looks_like_formula, open_target, row_writer
from organizations.audit.actors import command_actor
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from use_cases.exporting import open_customer_file

NOTHING_EXPORTED = 2
INTERRUPTED = 130


class Command(BaseCommand):
    """Writes an organization's customers to a file."""

    help = "Writes all customers of an organization in the columns of import_customers: docs/imports.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Reads whose customers, in which format, and where to."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose customers these are")
        parser.add_argument("--format", choices=["csv", "jsonl"], default="csv", help="csv (default), or a JSON object a line")
        parser.add_argument("file", help="compressed where it ends with .gz; - is standard output")

    def handle(self, *, organization: str, file: str, format: Format, **_options: Any) -> None:  # noqa: A002 - the option's name
        """Exports the customers. Raises `CommandError` (2) where the file cannot be written; there is none then."""
        found = Organization.objects.filter(code=organization).first()
        if found is None:
            raise CommandError(f"There is no organization {organization}.", returncode=NOTHING_EXPORTED)
        try:
            with organization_scope(found):
                count, formulas = _export(found, file, format)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", returncode=NOTHING_EXPORTED) from error
        except Error as error:
            raise CommandError(f"The database cannot go on: {str(error).strip()}.", returncode=NOTHING_EXPORTED) from error
        except KeyboardInterrupt as stopped:
            raise CommandError("Stopped.", returncode=INTERRUPTED) from stopped
        if formulas:
            self.stderr.write(
                f"{formulas} cells begin like a formula. They are written as they are: let a spreadsheet read them as text."
            )
        told = self.stderr if file == STANDARD_OUTPUT else self.stdout
        told.write(f"exported={count}")


def _export(organization: Organization, file: str, format_: Format) -> tuple[int, int]:
    """How many customers were written, and how many cells that a spreadsheet would run."""
    count = formulas = 0
    customers = open_customer_file(organization)
    with open_target(file) as text:
        # Before the first row: what has left, even in part, is in the audit.
        exported = Change(
            action="exported",
            object_type="organization",
            object_id=organization.pk,
            new={"customers": {"file": file, "format": format_, "columns": list(customers.columns)}},
        )
        record_changes([exported], by=command_actor("export_customers", organization))
        write = row_writer(text, customers.columns, format_=format_)
        with closing(customers.rows()) as rows:
            for cells in rows:
                write(cells)
                count += 1
                formulas += sum(map(looks_like_formula, cells))
    return count, formulas
