"""`manage.py find_duplicates --organization CODE`: fills the page "Likely duplicates"."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.duplicates.services import LARGEST_GROUP, Evidence, find_duplicates
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Search an organization for customers who may be one person."""

    help = (
        "Searches for customers who may be one person, for staff to look at: docs/back-office.md. Nothing is merged. Started"
        " again, it adds what is new, drops what no longer holds, and keeps what staff have dismissed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the option for the organization."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose customers are searched")

    def handle(self, *, organization: str, **_options: Any) -> None:
        """Search, and print the pairs by evidence; the last line summarizes the changes of the list."""
        row = Organization.objects.filter(code=organization).first()
        if row is None:
            raise CommandError(f"There is no organization {organization}.", returncode=2)
        with organization_scope(row):
            search = find_duplicates(row)
        for kind in Evidence:
            crowds = (
                f", and {search.large_groups[kind]} times more than {LARGEST_GROUP} at once"
                if search.large_groups[kind]
                else ""
            )
            self.stdout.write(f"{kind.label}: {search.evidence[kind]}{crowds}")
        self.stdout.write(str(search))
