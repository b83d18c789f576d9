"""Time limits for reads that callers can make expensive."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from loyalty_project.db.errors import sqlstate

_QUERY_CANCELED = "57014"
# Conditions vary so much that each statement needs its own plan; JIT compilation would take longer than the query.
_SET = """
SELECT set_config('statement_timeout', %s, true), set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('jit', 'off', true)
"""


class TookTooLongError(Exception):
    """A statement exceeded its time limit."""


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """A read-only transaction whose statements may each take `seconds`. Raises `TookTooLongError`."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_SET, [f"{max(1, round(seconds * 1000))}ms"])
            yield
            # Rolling back ends the settings, also inside an outer transaction.
            transaction.set_rollback(True)
    except OperationalError as error:
        if sqlstate(error) != _QUERY_CANCELED:
            raise
        raise TookTooLongError from error
