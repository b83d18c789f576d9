"""Export of customers to a file: `manage.py export_customers --organization CODE FILE` (docs/imports.md)."""

from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from loyalty_project.db.errors import database_failure
from loyalty_project.exports import STANDARD_OUTPUT, Format, open_target, row_writer
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
        """Add the organization, the format and the file."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose customers these are")
        parser.add_argument("--format", choices=["csv", "jsonl"], default="csv", help="csv (default), or a JSON object a line")
        parser.add_argument(
            "--keep-formulas",
            action="store_true",
            help="csv: write cells that begin like a formula as they are (default: with an apostrophe before them)",
        )
        parser.add_argument("file", help="compressed if it ends with .gz; - is standard output")

    def handle(self, *, organization: str, file: str, format: Format, keep_formulas: bool, **_options: Any) -> None:  # noqa: A002 - the option's name
        """Export the customers. Raises `CommandError` (2) if the file cannot be written; no file is left."""
        try:
            exported = Organization.objects.filter(code=organization).first()
            if exported is None:
                raise CommandError(f"There is no organization {organization}.", returncode=NOTHING_EXPORTED)
            with organization_scope(exported):
                count = _export(exported, file, format, keeps_formulas=keep_formulas)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", returncode=NOTHING_EXPORTED) from error
        except Error as error:
            reason = database_failure(error) or f"The database cannot go on: {str(error).strip()}."
            raise CommandError(reason, returncode=NOTHING_EXPORTED) from error
        except KeyboardInterrupt as stopped:
            raise CommandError("Stopped.", returncode=INTERRUPTED) from stopped
        report = self.stderr if file == STANDARD_OUTPUT else self.stdout
        report.write(f"exported={count}")


def _export(organization: Organization, file: str, format_: Format, *, keeps_formulas: bool) -> int:
    """Write the file; the number of customers."""
    count = 0
    customers = open_customer_file(organization)
    with open_target(file) as text:
        # Before the first row: an interrupted export is audited, too.
        exported = Change(
            action="exported",
            object_type="organization",
            object_id=organization.pk,
            new={"customers": {"file": file, "format": format_, "columns": list(customers.columns)}},
        )
        record_changes([exported], by=command_actor("export_customers", organization))
        write = row_writer(text, customers.columns, format_=format_, keeps_formulas=keeps_formulas)
        with closing(customers.rows()) as rows:
            for cells in rows:
                write(cells)
                count += 1
    return count
