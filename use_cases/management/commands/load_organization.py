"""`manage.py load_organization FILE [--dry-run]`: creates or updates an organization from its YAML file."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizations.organization_file.loading import LoadReport
from organizations.organization_file.problems import OrganizationFileError
from use_cases.organization_file import check_document, load_organization


class Command(BaseCommand):
    """Loads an organization file."""

    help = (
        "Create or update an organization from its YAML file (- reads standard input), all of it or nothing. "
        "Prints what changed; a file with errors changes nothing and ends with status 2."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="Do everything, print what would change, and undo it")

    def handle(self, *, file: str, dry_run: bool, **_options: Any) -> None:
        try:
            content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=2) from None
        try:
            report = load_organization(check_document(content, environment=os.environ), dry_run=dry_run)
        except OrganizationFileError as error:
            raise CommandError(f"{file}: nothing was changed\n{error}", returncode=2) from None
        self._print(report, dry_run=dry_run)

    def _print(self, report: LoadReport, *, dry_run: bool) -> None:
        for line in [*report.lines, *report.notes]:
            self.stdout.write(line)
        if report.stored:
            self.stdout.write(f"stored, not yet active: {', '.join(report.stored)}")
        count = len(report.lines)
        result = "nothing to change" if not count else f"{count} change{'' if count == 1 else 's'}"
        self.stdout.write(f"{report.organization.code}: {result}{', undone (dry run)' if count and dry_run else ''}")
