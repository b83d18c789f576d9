"""Base of the nightly commands that settle points which are due (docs/operating.md)."""

from collections.abc import Mapping
from typing import Any

from engagement.points.settlement import settle_due
from organizations.tenancy.commands import EachOrganizationCommand
from organizations.tenancy.models import Organization


class SettlingCommand(EachOrganizationCommand):
    """Settles every account that is due. It may run at any time, beside tills and beside itself."""

    def work(self, organization: Organization, options: Mapping[str, Any]) -> str:  # noqa: ARG002 - the base's signature
        """Settle the accounts."""
        return f"accounts settled: {sum(settle_due(organization))}"
