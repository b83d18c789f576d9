"""`manage.py rehearse ORGANIZATION FILE`: a draft of a program's rules on the bills of the last days (docs/operating.md)."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagement.rehearsal.descriptions import lines_of
from engagement.rehearsal.services import MOST_DAYS, USUAL_DAYS, rehearse, result_of
from loyalty_project.protocol.numbers import read_whole
from organizations.organization_file.problems import OrganizationFileError
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from use_cases.drafts import read_draft


class Command(BaseCommand):
    """Tries a draft of a program's rules, and writes nothing."""

    help = (
        "Try a draft of a program's rules on the organization's own bills, and print it beside the rules of today. Nothing is "
        "written. FILE is the program's part of the organization file, or what is to change of it (- reads standard input); a "
        "file with errors ends with status 2."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the organization, the file, the program, the days and the format."""
        parser.add_argument("organization", metavar="ORGANIZATION", help="the organization's code")
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--program", default="", metavar="NAME", help="the one that FILE names, else the default one")
        parser.add_argument("--days", type=_days, default=USUAL_DAYS, metavar="N", help=f"so many days; {USUAL_DAYS}")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, **options: Any) -> None:
        """Print the comparison. Raises `CommandError` for an unknown organization, and with status 2 for a wrong draft."""
        organization = Organization.objects.filter(code=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']}.", returncode=2)
        file: str = options["file"]
        try:
            content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}", returncode=2) from None
        with organization_scope(organization):
            try:
                draft = read_draft(content, organization=organization, program=options["program"])
            except OrganizationFileError as error:
                raise CommandError(f"{file}: nothing was rehearsed\n{error}", returncode=2) from None
            progress = self._progress if self.stderr.isatty() else _quiet
            comparison = rehearse(
                draft.program, draft.rules, days=options["days"], organization=organization, progress=progress
            )
        result = result_of(comparison, currency=organization.currency)
        if options["format"] == "json":
            self.stdout.write(json.dumps({"program": draft.program.name, **result}, ensure_ascii=False, indent=2))
            return
        for line in lines_of(result, program=draft.program.name, currency=organization.currency):
            self.stdout.write(line)

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done:,} of {total:,} bills", ending="" if done < total else "\n")


def _quiet(_done: int, _all: int) -> None:
    """No progress where nobody watches."""


def _days(text: str) -> int:
    days = read_whole(text)
    if days is None or not 1 <= days <= MOST_DAYS:
        raise ArgumentTypeError(f"must be from 1 to {MOST_DAYS}")
    return days
