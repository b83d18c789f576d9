"""How long may a question take? Statements that anybody can ask for end in time, and free what they hold."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from loyalty_project.db.errors import sqlstate

_QUERY_CANCELED = "57014"
# What is asked differs so much that every statement needs a plan of its own; compiling it would take longer than running it.
_SET = """
SELECT set_config('statement_timeout', %s, true), set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('jit', 'off', true)
"""


class TookTooLongError(Exception):
    """A question was not answered in time."""


@contextmanager
def answered_within(seconds: float) -> Iterator[None]:
    """Inside: a transaction that only reads, of which no statement may take longer. Raises `TookTooLongError` when one does."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_SET, [f"{max(1, round(seconds * 1000))}ms"])
            yield
            # What was set ends with it, within another transaction as well.
            transaction.set_rollback(True)
    except OperationalError as error:
        if sqlstate(error) != _QUERY_CANCELED:
            raise
        raise TookTooLongError from error
