"""Time that one request may take, in all and for waiting (docs/operating.md, REQUEST_SECONDS).

The database's own limits hold for a single statement. A batch has many statements: a hundred items that each wait five seconds
for the same locked customer would hold a thread for eight minutes.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from psycopg.pq import TransactionStatus

from loyalty_project.db.errors import sqlstate

# A statement of a till's call that takes longer has waited, for a lock or for a database that is too busy.
LONG_STATEMENT: Final = 0.25
# Seconds that a statement may still wait for a lock when the request's patience is used up: other customers' items are worked.
LEAST_PATIENCE: Final = 0.01
_QUERY_CANCELED: Final = "57014"
# Ends of savepoints are never refused: they undo or keep what was done.
_SAVEPOINTS: Final = ("ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT")
# Lowers the limits of the transaction and never raises them; 0 is no limit.
_LOWER: Final = """
SELECT set_config(name, ceil(least(nullif(extract(epoch FROM current_setting(name)::interval), 0), seconds) * 1000)::text, true)
FROM (VALUES ('lock_timeout', %s::numeric), ('statement_timeout', %s::numeric)) AS lowered (name, seconds)
"""


class OutOfTimeError(Exception):
    """The request has used its time: no further statement of it is run."""


class RequestTime:
    """Time that a request has left. As a wrapper of statements it measures them, and refuses them once the time is used.

    After a wait each statement of a transaction is limited to the time and patience that are left. Before that, a statement
    costs nothing more.
    """

    def __init__(self, *, seconds: float, patience: float) -> None:
        self._seconds = seconds
        self._patience = patience
        self._waited = 0.0
        self._ends = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """True once the request has used its time."""
        return time.monotonic() >= self._ends

    def start_again(self) -> None:
        """Count the time from now: the body has arrived, which depends on the client's line."""
        self._ends = time.monotonic() + self._seconds

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001 - Django's signature of wrappers
        """Run a statement. Raises `OutOfTimeError`."""
        if not sql.startswith(_SAVEPOINTS):
            if self.is_over:
                raise OutOfTimeError
            if self._waited:
                self._lower_limits(context["connection"])
        begun = time.monotonic()
        try:
            return execute(sql, params, many, context)
        except OperationalError as error:
            if sqlstate(error) == _QUERY_CANCELED and self.is_over:
                raise OutOfTimeError from error
            raise
        finally:
            took = time.monotonic() - begun
            if took > LONG_STATEMENT:
                self._waited += took

    def _lower_limits(self, wrapped: Any) -> None:
        """Limit the transaction's waits, past Django: it is part of the statement that follows."""
        database = wrapped.connection
        # Outside of a transaction nothing lasts; in an aborted one nothing runs.
        if not database.autocommit and database.info.transaction_status in {TransactionStatus.IDLE, TransactionStatus.INTRANS}:
            patience = max(LEAST_PATIENCE, self._patience - self._waited)
            left = max(LEAST_PATIENCE, self._ends - time.monotonic())
            with wrapped.wrap_database_errors:
                database.execute(_LOWER, [patience, left])


@contextmanager
def limited_time() -> Iterator[RequestTime]:
    """Limit the statements of this thread's connection to REQUEST_SECONDS in all, and to LOCK_SECONDS of waiting."""
    limit = RequestTime(seconds=settings.REQUEST_SECONDS, patience=settings.LOCK_SECONDS)
    wrappers = connections[DEFAULT_DB_ALIAS].execute_wrappers
    wrappers.append(limit)
    try:
        yield limit
    finally:
        wrappers.pop()


def request_time() -> RequestTime | None:
    """The time of the request that this thread answers; None outside of requests."""
    return next(
        (wrapper for wrapper in reversed(connections[DEFAULT_DB_ALIAS].execute_wrappers) if isinstance(wrapper, RequestTime)),
        None,
    )
