"""`manage.py reset_two_step`: for the lost phone of an operator or of a member of staff (docs/back-office.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from organizations.audit.actors import command_actor
from organizations.staff.models import StaffMember
from organizations.tenancy.scoping import organization_scope
from organizations.two_step.services import remove_app


class Command(BaseCommand):
    """`manage.py reset_two_step`."""

    help = "Removes the authenticator app of a log-in of the back office: the next log-in asks for the password alone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the user name."""
        parser.add_argument("username")

    def handle(self, *, username: str, **_options: Any) -> None:
        """Raises CommandError for an unknown user name, and for a log-in without an app."""
        member = StaffMember.objects.select_related("organization").filter(username=username).first()
        if member is None:
            raise CommandError(f"There is no log-in {username}.")
        if not _remove(member):
            raise CommandError(f"{username} has no two-step log-in.")
        self.stdout.write(f"The next log-in of {username} asks for the password alone.")


def _remove(member: StaffMember) -> bool:
    if member.organization is None:
        return remove_app(member, by=None)
    with organization_scope(member.organization):
        return remove_app(member, by=command_actor("reset_two_step", member.organization))
