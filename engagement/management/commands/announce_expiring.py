"""`manage.py announce_expiring (--organization CODE | --all) [--on DATE]`: webhook events of points that expire soon.

Once a day, after `expire_points` (docs/operating.md, Regular work).
"""

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from engagement.points.announcing import announce_expiring
from engagement.points.settlement import settle_due
from loyalty_project import clock
from organizations.tenancy.commands import EachOrganizationCommand
from organizations.tenancy.models import Organization


class Command(EachOrganizationCommand):
    """Announces points that expire in as many days as the programs' `expiry_notice_days` say. Repeating it adds nothing."""

    help = "Announces points that expire soon to webhook endpoints (points.expiring). Each notice is sent once a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the day."""
        super().add_arguments(parser)
        parser.add_argument("--on", metavar="DATE", help="YYYY-MM-DD: the day from which days are counted; today")

    def handle(self, **options: Any) -> None:
        """Print the number of notices. Raises `CommandError` for an unknown organization or no date."""
        try:
            on = date.fromisoformat(options["on"]) if options["on"] else None
        except ValueError:
            raise CommandError(f"{options['on']} is no date.") from None
        super().handle(**{**options, "on": on})

    def work(self, organization: Organization, options: Mapping[str, Any]) -> str:
        """Announce the points that expire soon; those that have expired by now do not."""
        for _ in settle_due(organization):
            pass
        day = options["on"] or clock.now().astimezone(organization.zone).date()
        return f"notices: {announce_expiring(organization, on=day)}"
