"""Hand-written statements: prepared, on Django's connection, past the layers that only the ORM needs.

A statement is a constant with named parameters, so that the server plans it once a connection. Django's cursor costs about as
much as a small statement: it makes its type conversions anew each time, and sends `SELECT 1` first, once a request. Here a
statement that reads is sent at once, and repeated on a new connection if the old one was dead. Wrappers of statements, the log
of queries, errors and broken transactions are Django's.

As everywhere on these connections, `jsonb` arrives as text, and moments in UTC.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

Rows = list[tuple[Any, ...]]
_PARAMETER: Final = re.compile(r"%%|%\((\w+)\)s")


def fetch(statement: str, values: Mapping[str, Any]) -> Rows:
    """All rows of a statement that reads. Raises `django.db.Error`.

    Outside of transactions it is repeated once if the connection is lost: use `fetch_written` for a statement that also writes.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]
    try:
        rows = _fetch(database, statement, values)
    except (OperationalError, InterfaceError):
        # Without a connection there is no server: the first attempt has just tried to connect.
        lost = database.connection is not None and database.connection.closed
        if database.in_atomic_block or not database.autocommit or not lost:
            raise
        database.close()
        rows = _fetch(database, statement, values)
    # Spares the request Django's own question whether the connection works.
    database.health_check_done = True
    return rows


def fetch_written(statement: str, values: Mapping[str, Any]) -> Rows:
    """The rows that a statement returns of what it wrote. Never repeated. Raises `django.db.Error`."""
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    return _fetch(database, statement, values)


def run(statement: str, values: Mapping[str, Any]) -> int:
    """Run a statement that writes. Returns the number of rows that it touched. Never repeated. Raises `django.db.Error`."""
    database = connections[DEFAULT_DB_ALIAS]
    database.close_if_health_check_failed()
    return _execute(database, statement, values).rowcount


def _fetch(database: Any, statement: str, values: Mapping[str, Any]) -> Rows:
    cursor = _execute(database, statement, values)
    with database.wrap_database_errors:
        return cursor.fetchall()


def _execute(database: Any, statement: str, values: Mapping[str, Any]) -> "_PreparingCursor":
    """The cursor of this connection, with the statement's result: its rows are read before the next statement."""
    database.ensure_connection()
    database.validate_thread_sharing()
    cursor: _PreparingCursor | None = getattr(database, _CURSOR, None)
    if cursor is None or cursor.connection is not database.connection:
        cursor = _PreparingCursor(database.connection)
        setattr(database, _CURSOR, cursor)
    make = database.make_debug_cursor if database.queries_logged else database.make_cursor
    make(cursor).execute(statement, values)
    return cursor


# Where Django's connection keeps its cursor for hand-written statements.
_CURSOR: Final = "_regulars_cursor"


class _PreparingCursor(psycopg.RawCursor[tuple[Any, ...]]):
    """A cursor that prepares each statement the first time: what is constant is run again.

    Named parameters become numbers once a process. The driver's own cursor reads the whole text at every call.
    """

    def execute(self, query: Any, params: Any = None, **_options: Any) -> "_PreparingCursor":
        text, names = _numbered(query)
        return super().execute(text, [params[name] for name in names], prepare=True)


@lru_cache(maxsize=2000)
def _numbered(statement: str) -> tuple[bytes, Sequence[str]]:
    """The statement with `$1` in place of `%(name)s`, and the names in the order of their numbers."""
    numbers: dict[str, int] = {}

    def number_of(match: re.Match[str]) -> str:
        return "%" if match[0] == "%%" else f"${numbers.setdefault(match[1], len(numbers) + 1)}"

    return _PARAMETER.sub(number_of, statement).encode(), tuple(numbers)
