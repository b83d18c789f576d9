"""`manage.py export_customer --organization CODE --customer ID`: everything about a person as JSON (docs/operating.md)."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from loyalty_project.command_options import ROW_ID
from loyalty_project.private_files import replaced_file
from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from use_cases.erasure import ErasureRefusedError, export_customer


class Command(BaseCommand):
    """Export everything about a customer: JSON, and a page that people can read."""

    help = "Write everything that is stored about a customer, as JSON and as a page for people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the organization, the customer and the files."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose customer this is")
        parser.add_argument("--customer", required=True, type=ROW_ID, metavar="ID", help="the customer's id")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write JSON here instead of to the screen")
        parser.add_argument("--page", type=Path, metavar="FILE", help="write a page (HTML) here too")

    def handle(self, **options: Any) -> None:
        """Write the files. Raises `CommandError` for unknown or merged customers, and files that cannot be written."""
        organization = Organization.objects.filter(code=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']}.")
        with organization_scope(organization):
            try:
                export = export_customer(options["customer"], by=command_actor("export_customer", organization))
            except ErasureRefusedError as error:
                raise CommandError(str(error)) from error
        written = json.dumps(export, indent=2, ensure_ascii=False)
        try:
            if options["page"]:
                _write(options["page"], render_to_string("export_of_person.html", {"export": export}))
            if options["json"]:
                _write(options["json"], f"{written}\n")
            else:
                self.stdout.write(written)
        except OSError as error:
            raise CommandError(str(error)) from error


def _write(path: Path, text: str) -> None:
    with replaced_file(path) as file:
        file.write(text.encode())
