"""`manage.py erase_customer --organization CODE --customer ID --basis TEXT`: erase a person's data (docs/operating.md)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from loyalty_project.command_options import ROW_ID
from organizations.audit.actors import command_actor
from organizations.imports.erasing import drop_rows
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from use_cases.erasure import ErasureRefusedError, erase_customer


class Command(BaseCommand):
    """Erase a customer, and drop the person's rows from files that imports wrote."""

    help = "Empty all personal data of a customer for good, and print the certificate."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the organization, the customer, the basis and files."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose customer this is")
        parser.add_argument("--customer", required=True, type=ROW_ID, metavar="ID", help="the customer's id")
        parser.add_argument(
            "--basis", required=True, metavar="TEXT", help="why, without personal data: the number of the person's request"
        )
        parser.add_argument(
            "--file",
            action="append",
            default=[],
            type=Path,
            metavar="FILE",
            help="drop the person's rows from this CSV file too",
        )

    def handle(self, **options: Any) -> None:
        """Erase, and print the certificate. Raises `CommandError` for unknown or merged customers and unreadable files."""
        organization = Organization.objects.filter(code=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']}.")
        for path in options["file"]:
            if not path.is_file():
                raise CommandError(f"{path} is not a file.")
        basis = options["basis"].strip()
        if not basis or len(basis) > 250:
            raise CommandError("--basis must have 1 to 250 characters.")
        with organization_scope(organization):
            try:
                # Before the database forgets by which values the rows are found.
                erased = erase_customer(
                    options["customer"],
                    basis=basis,
                    by=command_actor("erase_customer", organization),
                    before_commit=lambda values: self._drop(options["file"], values),
                )
            except (ErasureRefusedError, OSError) as error:
                raise CommandError(str(error)) from error
        for place in erased.places:
            self.stdout.write(f"{place['rows']:>8,}  {place['place']}")
        self.stdout.write(f"Customer {erased.customer_id} was erased. Certificate {erased.pk}: {erased.digest}")

    def _drop(self, paths: list[Path], values: list[str]) -> None:
        for path in paths:
            self.stdout.write(f"{drop_rows(path, values):>8,}  {path}")
