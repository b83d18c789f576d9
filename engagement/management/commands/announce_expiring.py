"""`manage.py announce_expiring (--organization CODE | --all) [--on DATE]`: webhook events of points that expire soon.

Once a day, after `expire_points` (docs/operating.md, Regular work).
"""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagement.points.announcing import announce_expiring
from engagement.points.settlement import settle_due
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Announces points that expire in as many days as the programs' `expiry_notice_days` say. Repeating it adds nothing."""

    help = "Announces points that expire soon to webhook endpoints (points.expiring). Each notice is sent once a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the organizations and the day."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="CODE", help="of this organization")
        whose.add_argument("--all", action="store_true", help="of every organization")
        parser.add_argument("--on", metavar="DATE", help="YYYY-MM-DD: the day from which days are counted; today")

    def handle(self, **options: Any) -> None:
        """Print the number of notices. Raises `CommandError` for an unknown organization or no date."""
        try:
            on = date.fromisoformat(options["on"]) if options["on"] else None
        except ValueError:
            raise CommandError(f"{options['on']} is no date.") from None
        organizations = Organization.objects.order_by("code")
        if not options["all"]:
            organizations = organizations.filter(code=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        for organization in organizations:
            with organization_scope(organization):
                # Points that have expired by now do not expire soon.
                for _ in settle_due(organization):
                    pass
                day = on or clock.now().astimezone(organization.zone).date()
                count = announce_expiring(organization, on=day)
            self.stdout.write(f"{organization.code}: notices: {count}")
