"""Base of management commands that work for one organization, or for all, one after the other."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class EachOrganizationCommand(BaseCommand):
    """`--organization CODE` or `--all`. A subclass has `work`, which runs in the scope of each organization."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that choose the organizations. One of them must be given."""
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("--organization", metavar="CODE", help="for this organization")
        chosen.add_argument("--all", action="store_true", help="for every organization")

    def handle(self, **options: Any) -> None:
        """Print what was done, a line for each organization. Raises `CommandError` for an unknown organization."""
        organizations = Organization.objects.order_by("code")
        if not options["all"]:
            organizations = organizations.filter(code=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        for organization in organizations:
            with organization_scope(organization):
                done = self.work(organization, options)
            self.stdout.write(f"{organization.code}: {done}")

    def work(self, organization: Organization, options: Mapping[str, Any]) -> str:
        """Do the work for an organization: what was done, in words."""
        raise NotImplementedError
