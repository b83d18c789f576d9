"""`manage.py award_occasions [--on DATE]`: awards birthdays and anniversaries; for every night (docs/operating.md)."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engagement.earning.occasions import award_day, days_to_award, note_run
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Awards the occasions of a day, or of every day since the last run. It may run again, and beside tills."""

    help = "Awards birthdays and anniversaries of today and of every day since the last run, at most 31."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--on` and `--organization`."""
        parser.add_argument("--on", metavar="DATE", help="YYYY-MM-DD: this day alone")
        parser.add_argument("--organization", metavar="CODE", help="of this organization alone")

    def handle(self, **options: Any) -> None:
        """Print the number of awards of each organization. Raises `CommandError` for an unknown organization or no date."""
        try:
            day = date.fromisoformat(options["on"]) if options["on"] else None
        except ValueError:
            raise CommandError(f"{options['on']} is no date.") from None
        organizations = Organization.objects.order_by("code")
        if options["organization"]:
            organizations = organizations.filter(code=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        for organization in organizations:
            with organization_scope(organization):
                self.stdout.write(f"{organization.code}: occasions awarded: {self._award(organization, day)}")

    def _award(self, organization: Organization, day: date | None) -> int:
        now = clock.now()
        today = now.astimezone(organization.zone).date()
        catalog, by = current_catalog(), command_actor("award_occasions", organization)
        awarded = 0
        for each in [day] if day else days_to_award(organization, today=today):
            awarded += sum(award_day(each, catalog=catalog, organization=organization, by=by, now=now))
            if not day:
                note_run(organization, until=each)
        return awarded
