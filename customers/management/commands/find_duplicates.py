"""Who may be registered twice? `manage.py find_duplicates --organization CODE`: fills the page "Likely duplicates"."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from customers.duplicates.services import LARGEST_GROUP, Evidence, find_duplicates
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Searches an organization for customers who may be one person."""

    help = (
        "Searches for customers who may be one person, for staff to look at: docs/back-office.md. Nothing is merged. Started"
        " again, it adds what is new, drops what no longer holds, and keeps what staff have dismissed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Reads whose customers."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose customers are searched")

    def handle(self, *, organization: str, **_options: Any) -> None:
        """Searches, and tells the pairs by evidence; the last line says what became of the list."""
        found = Organization.objects.filter(code=organization).first()
        if found is None:
            raise CommandError(f"There is no organization {organization}.", returncode=2)
        with organization_scope(found):
            search = find_duplicates(found)
        for kind in Evidence:
            crowds = f", and {search.crowds[kind]} times more than {LARGEST_GROUP} at once" if search.crowds[kind] else ""
            self.stdout.write(f"{kind.label}: {search.evidence[kind]}{crowds}")
        self.stdout.write(str(search))
