"""Sessions of others in the tests' database."""

import time
from typing import Final

from django.db import connection

_OTHERS: Final = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SECONDS: Final = 30.0


def wait_until_alone() -> None:
    """Wait until the sessions of killed processes have ended: a database with sessions cannot be dropped."""
    until = time.monotonic() + _SECONDS
    while others() and time.monotonic() < until:
        time.sleep(0.1)
    assert not others()


def others() -> int:
    """How many other sessions there are."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        return int(cursor.fetchone()[0])
