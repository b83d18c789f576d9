"""`manage.py issue_otp --organization CODE --customer ID`: show the code that a customer confirms with (docs/operating.md)."""

from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import issue_code
from loyalty_project import clock
from loyalty_project.command_options import ROW_ID
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.numbers import read_plain
from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

Purpose = ValidationCode.Purpose


class Command(BaseCommand):
    """Issue a code for a verified customer, or show the valid one."""

    help = "Show the code by which a customer confirms a change of identifiers, or a redemption of points."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the organization, the customer, the purpose and the limit of points."""
        parser.add_argument("--organization", required=True, metavar="CODE", help="whose customer this is")
        parser.add_argument("--customer", required=True, type=ROW_ID, metavar="ID", help="the customer's id")
        parser.add_argument(
            "--purpose", choices=Purpose.values, default=Purpose.IDENTITY, help="what it confirms (%(default)s)"
        )
        parser.add_argument("--points", type=_points, metavar="N", help="points: confirms no more than so many")

    def handle(self, **options: Any) -> None:
        """Print the code and its expiry. Raises `CommandError` for an unknown organization or customer."""
        organization = Organization.objects.filter(code=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organization {options['organization']}.")
        with organization_scope(organization), transaction.atomic():
            if not Customer.objects.filter(pk=options["customer"], erased_at=None).exists():
                raise CommandError(f"{organization.name} has no customer {options['customer']}.")
            issued = issue_code(
                options["customer"],
                purpose=Purpose(options["purpose"]),
                points=options["points"],
                by=command_actor("issue_otp", organization),
                now=clock.now(),
            )
        self.stderr.write(f"Good until {write_moment(issued.expires_at, organization.zone)}.")
        self.stdout.write(issued.code)


def _points(text: str) -> Decimal:
    points = read_plain(text)
    if points is None:
        raise CommandError("--points is not a number")
    if points <= 0:
        raise CommandError("--points must be above 0")
    return points
