"""The demo's organization file, and the databases into which the demo may be loaded.

The file contains the passwords. They are public, so a production installation refuses the demo.
"""

from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

ORGANIZATION_FILE: Path = settings.BASE_DIR / "demo" / "harbour.yaml"
ORGANIZATION_CODE = "harbour"


def check_allowed(*, yes: bool) -> None:
    """Raise CommandError in production, and on a database of DATABASE_URL unless `yes`."""
    if settings.PRODUCTION:
        raise CommandError("LOYALTY_MODE=production: the demo's passwords are public, it is not loaded here.")
    if settings.DATABASE_URL and not yes:
        database = settings.DATABASES["default"]
        address = f"{database['NAME']} at {database['HOST'] or 'the local socket'}"
        raise CommandError(
            f"DATABASE_URL is set: the demo would bring the database {address} up to date and put its organization, customers"
            " and public passwords into it. Add --yes if that is what you want, or unset DATABASE_URL."
        )
