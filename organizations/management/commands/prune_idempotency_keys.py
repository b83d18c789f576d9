"""`manage.py prune_idempotency_keys`: deletes idempotency keys and kept answers after 72 hours (docs/protocol.md 1.10)."""

from typing import Any

from django.core.management.base import BaseCommand

from organizations.idempotency.services import prune_keys
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


class Command(BaseCommand):
    """Deletes expired keys of every organization."""

    help = "Drop Idempotency-Keys that were not used for 72 hours, with the answers kept under them."

    def handle(self, **_options: Any) -> None:
        """Print how many keys were deleted."""
        pruned = 0
        for organization in Organization.objects.all():
            with organization_scope(organization):
                pruned += prune_keys()
        self.stdout.write(f"keys pruned: {pruned}")
