"""`manage.py refresh_figures`: brings the figures of the start page up to date (docs/operating.md)."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from engagement.figures.refreshing import refresh_figures
from organizations.tenancy.commands import EachOrganizationCommand
from organizations.tenancy.models import Organization


class Command(EachOrganizationCommand):
    """Counts what has changed. It may run at any time, beside tills, workers and itself."""

    help = "Bring the figures of the start page up to date. Workers do it every quarter of an hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--complete`."""
        super().add_arguments(parser)
        parser.add_argument("--complete", action="store_true", help="count every day anew, not only those that changed")

    def work(self, organization: Organization, options: Mapping[str, Any]) -> str:
        """Refresh the figures."""
        refreshed = refresh_figures(organization, complete=options["complete"])
        return f"days counted: {refreshed.days}, figures changed: {refreshed.changed}"
