"""Reads of all rows of an organization: exports, checks, searches for duplicates, the recommender.

Right after many rows were written the planner knows little of them: it takes a new organization's rows for one, and joins them
by nested loops that read each row of the one table for each row of the other. Such statements join sets alone, without
subqueries for each row, and run without nested loops: then their time grows with the rows, whatever the statistics say.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction

# What reads everything may take longer than a call, and the reader of its rows may be slow: a pipe, a network disk.
_SET: Final = """
SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true), set_config('statement_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '0', true)
"""


def join_whole_sets() -> None:
    """Until the transaction ends, the planner joins whole sets and no statement has a time limit."""
    with connection.cursor() as cursor:
        cursor.execute(_SET)


@contextmanager
def whole_read() -> Iterator[None]:
    """A read-only transaction in which the planner joins whole sets and no statement has a time limit."""
    with transaction.atomic():
        join_whole_sets()
        yield
        # Rolling back ends the settings, also inside an outer transaction.
        transaction.set_rollback(True)
