"""Base of the nightly commands that settle points which are due, of one organization or of all (docs/operating.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagement.points.settlement import settle_due
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class SettlingCommand(BaseCommand):
    """Settles every account that is due. It may run at any time, beside tills and beside itself."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--organization CODE` or `--all`."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="CODE", help="settle the accounts of this organization")
        whose.add_argument("--all", action="store_true", help="settle the accounts of every organization")

    def handle(self, **options: Any) -> None:
        """Print the number of settled accounts of each organization. Raises `CommandError` for an unknown organization."""
        organizations = Organization.objects.order_by("code")
        if not options["all"]:
            organizations = organizations.filter(code=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        for organization in organizations:
            with organization_scope(organization):
                settled = sum(settle_due(organization))
            self.stdout.write(f"{organization.code}: accounts settled: {settled}")
