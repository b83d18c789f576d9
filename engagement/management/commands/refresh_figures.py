"""`manage.py refresh_figures`: brings the figures of the start page up to date (docs/operating.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagement.figures.refreshing import refresh_figures
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Counts what has changed, for one organization or all. It may run at any time, beside tills, workers and itself."""

    help = "Bring the figures of the start page up to date. Workers do it every quarter of an hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--organization CODE` or `--all`; `--complete`."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="CODE", help="the figures of this organization")
        whose.add_argument("--all", action="store_true", help="the figures of every organization")
        parser.add_argument("--complete", action="store_true", help="count every day anew, not only those that changed")

    def handle(self, **options: Any) -> None:
        """Print what each organization's refresh did. Raises `CommandError` for an unknown organization."""
        organizations = Organization.objects.order_by("code")
        if not options["all"]:
            organizations = organizations.filter(code=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        for organization in organizations:
            with organization_scope(organization):
                refreshed = refresh_figures(organization, complete=options["complete"])
            self.stdout.write(f"{organization.code}: days counted: {refreshed.days}, figures changed: {refreshed.changed}")
