"""`manage.py check_ledger`: checks every sum and pair of the points ledger."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagement.points.checks.queries import CHECKS
from engagement.points.checks.run import check_ledger
from organizations.tenancy.models import Organization


class Command(BaseCommand):
    """Checks the points ledger."""

    help = "Prove every sum and pair of the points ledger; lists the rows where one does not hold and ends with status 1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="CODE")
        whose.add_argument("--all", action="store_true", help="every organization, one after the other")

    def handle(self, *, organization: str | None, **_options: Any) -> None:
        organizations = Organization.objects.order_by("code")
        if organization is not None:
            organizations = organizations.filter(code=organization)
            if not organizations:
                raise CommandError(f"there is no organization {organization!r}", returncode=2)
        count = 0
        for row in organizations:
            for finding in check_ledger(row):
                count += 1
                self.stdout.write(f"{row.code}: {finding}")
        if count:
            raise CommandError(f"{count} figures of the ledger do not hold", returncode=1)
        self.stdout.write(f"{len(CHECKS)} checks of {len(organizations)} organizations: the ledger holds")
