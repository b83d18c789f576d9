"""Sessions of others in the tests' database."""

from typing import Final

from django.db import connection

_END_OTHERS: Final = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def end_other_sessions() -> None:
    """End the sessions of killed processes and of ended threads: a database with sessions cannot be dropped."""
    with connection.cursor() as cursor:
        cursor.execute(_END_OTHERS)
