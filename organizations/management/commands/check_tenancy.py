"""`manage.py check_tenancy`: checks that no row refers to a row of another organization."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizations.tenancy.references import references_across_tenants, tenant_references


class Command(BaseCommand):
    """Checks that tenants are separate."""

    help = "Prove that no row refers to a row of another organization; lists those that do and ends with status 1."

    def handle(self, **_options: Any) -> None:
        count = 0
        for crossing in references_across_tenants():
            count += 1
            self.stdout.write(str(crossing))
        if count:
            raise CommandError(f"{count} references to another organization", returncode=1)
        self.stdout.write(f"{len(tenant_references())} references checked: none leaves its organization")
