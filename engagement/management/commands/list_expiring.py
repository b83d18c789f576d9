"""`manage.py list_expiring --organization CODE [--on DATE]`: points that expire soon, as CSV (docs/operating.md)."""

import csv
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagement.points.expiring import days_of_notice, expiring_points
from engagement.points.settlement import settle_due
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from loyalty_project.protocol.numbers import plain_digits
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Lists the points that expire in as many days as the programs' `expiry_notice_days` say."""

    help = "Lists points that expire soon, as CSV: customer, program, points, last day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add organization and day."""
        parser.add_argument("--organization", required=True, metavar="CODE")
        parser.add_argument("--on", metavar="DATE", help="YYYY-MM-DD: the day from which days are counted; today")

    def handle(self, **options: Any) -> None:
        """Print the rows. Raises `CommandError` for an unknown organization or no date."""
        organization = Organization.objects.filter(code=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']}.")
        try:
            day = date.fromisoformat(options["on"]) if options["on"] else clock.now().astimezone(organization.zone).date()
        except ValueError:
            raise CommandError(f"{options['on']} is no date.") from None
        writer = csv.writer(self.stdout, lineterminator="\n")
        writer.writerow(("id", "program", "points", "expires_on"))
        with organization_scope(organization):
            # Points that have expired by now are not listed any more.
            for _ in settle_due(organization):
                pass
            for row in expiring_points(days_of_notice(current_catalog().active, on=day), organization=organization):
                writer.writerow((row.customer_id, row.program, plain_digits(row.points), row.last_day.isoformat()))
