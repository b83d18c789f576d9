"""`manage.py build_recommendations`: computes which items are bought together; for every night (docs/operating.md)."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any, Final

from engagement.recommendations.building import DAYS, MIN_SUPPORT, build_pairs
from loyalty_project.command_options import WholeNumber
from organizations.tenancy.commands import EachOrganizationCommand
from organizations.tenancy.models import Organization

_BILLS: Final = WholeNumber(2, 1_000_000)
_DAYS: Final = WholeNumber(1, 36_500)


class Command(EachOrganizationCommand):
    """Computes the pairs of items of one organization or of all anew. It may run at any time, beside tills and itself."""

    help = "Compute which items are bought together; customer/recommendations reads them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--min-support` and `--days`."""
        super().add_arguments(parser)
        parser.add_argument(
            "--min-support", type=_BILLS, default=MIN_SUPPORT, metavar="BILLS",
            help=f"bills on which a pair must be at least (default {MIN_SUPPORT})",
        )  # fmt: skip
        parser.add_argument("--days", type=_DAYS, default=DAYS, help=f"bills of so many days count (default {DAYS})")

    def work(self, organization: Organization, options: Mapping[str, Any]) -> str:
        """Build the pairs."""
        built = build_pairs(organization, min_support=options["min_support"], days=options["days"])
        return f"pairs of items: {built.pairs}, no longer: {built.gone}"
