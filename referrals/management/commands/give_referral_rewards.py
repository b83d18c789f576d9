"""`manage.py give_referral_rewards --organization CODE | --all`: gives the rewards of referrals that are due."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.rewards.services import give_due_rewards


class Command(BaseCommand):
    """Gives what campaigns promised for after some days; every night. What is due twice is given once."""

    help = "Gives the rewards of referrals whose waiting days are over."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options: one organization, or all."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="CODE", help="give the rewards of this organization")
        whose.add_argument("--all", action="store_true", help="give the rewards of every organization")

    def handle(self, **options: Any) -> None:
        """Print the number of rewards of each organization. Raises `CommandError` for an unknown organization."""
        organizations = Organization.objects.order_by("code")
        if not options["all"]:
            organizations = organizations.filter(code=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        for organization in organizations:
            with organization_scope(organization):
                given = sum(give_due_rewards(by=command_actor("give_referral_rewards", organization)))
            self.stdout.write(f"{organization.code}: rewards given: {given}")
