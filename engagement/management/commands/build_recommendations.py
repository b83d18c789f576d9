"""`manage.py build_recommendations`: computes which items are bought together; for every night (docs/operating.md)."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from engagement.recommendations.building import DAYS, MIN_SUPPORT, build_pairs
from loyalty_project.command_options import WholeNumber
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

_BILLS: Final = WholeNumber(2, 1_000_000)
_DAYS: Final = WholeNumber(1, 36_500)


class Command(BaseCommand):
    """Computes the pairs of items of one organization or of all anew. It may run at any time, beside tills and itself."""

    help = "Compute which items are bought together; customer/recommendations reads them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--organization CODE` or `--all`; `--min-support`; `--days`."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--organization", metavar="CODE", help="the items of this organization")
        whose.add_argument("--all", action="store_true", help="the items of every organization")
        parser.add_argument(
            "--min-support", type=_BILLS, default=MIN_SUPPORT, metavar="BILLS",
            help=f"bills on which a pair must be at least (default {MIN_SUPPORT})",
        )  # fmt: skip
        parser.add_argument("--days", type=_DAYS, default=DAYS, help=f"bills of so many days count (default {DAYS})")

    def handle(self, **options: Any) -> None:
        """Print the number of pairs of each organization. Raises `CommandError` for an unknown organization."""
        organizations = Organization.objects.order_by("code")
        if not options["all"]:
            organizations = organizations.filter(code=options["organization"])
            if not organizations:
                raise CommandError(f"There is no organization {options['organization']}.")
        for organization in organizations:
            with organization_scope(organization):
                built = build_pairs(organization, min_support=options["min_support"], days=options["days"])
            self.stdout.write(f"{organization.code}: pairs of items: {built.pairs}, no longer: {built.gone}")
