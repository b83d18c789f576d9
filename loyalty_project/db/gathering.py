"""Writes that are gathered, and run as one statement."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

from django.db import connection, models

from loyalty_project.db.ids import DRAW
from loyalty_project.db.statements import run


@contextmanager
def written_together(*, in_order: bool = False) -> Iterator[None]:
    """Make one statement of the inserts (of few rows) and updates inside.

    It runs at the end, or before any other statement of Django's connection, which so sees the rows; a draw of ids does not
    look. A savepoint that is undone takes what was gathered in it along; an exception that leaves the context takes all of it.
    Errors of the database come when the statement runs. Keys of rows that refer to each other are drawn beforehand.

    The parts of a statement run in no order: each row is inserted or updated once. With `in_order` the writes of a table may
    depend on each other, but for those of a context inside: a statement then writes each table once.
    """
    gathered = _gathered.get()
    with (
        _gathering() if gathered is None else nullcontext(gathered) as gathered,
        nullcontext() if in_order else gathered.block(),
    ):
        yield


@contextmanager
def _gathering() -> Iterator["_Gathered"]:
    wrappers = connection.execute_wrappers
    gathered = _Gathered()
    token = _gathered.set(gathered)
    wrappers.append(gathered)
    try:
        yield gathered
        gathered.write()
    finally:
        wrappers.remove(gathered)
        _gathered.reset(token)


class _Gathered:
    """Writes that have not run yet. As a wrapper of statements it runs them before any other."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, Sequence[Any]]] = []
        self._block: object | None = None
        self._blocks: dict[str, object] = {}  # by table

    @contextmanager
    def block(self) -> Iterator[None]:
        """Context whose writes of a table do not depend on each other."""
        outer, self._block = self._block, self._block or object()
        try:
            yield
        finally:
            self._block = outer

    def add(self, query: str, values: Sequence[Any], rows: Sequence[models.Model]) -> None:
        """Add a write of these rows, after those that wait if they are of the same table."""
        table, block = rows[0]._meta.db_table, self._block or object()
        if self._blocks.setdefault(table, block) is not block:
            self.write()
            self._blocks[table] = block
        self._parts.append((query, values))

    def write(self) -> None:
        """Run the writes as one statement."""
        if self._parts:
            parts = self._parts
            self._drop()
            run_statement(_united(tuple(query for query, _ in parts)), [value for _, values in parts for value in values])

    def _drop(self) -> None:
        self._parts, self._blocks = [], {}

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001 - Django's signature of wrappers
        """Run the writes, then another statement."""
        if self._parts and sql != DRAW:
            if sql.startswith(_UNDONE):
                self._drop()
            else:
                self.write()
        return execute(sql, params, many, context)


# A savepoint's statement has run all writes before it, so that those that wait are of the savepoint.
_UNDONE: Final = "ROLLBACK TO SAVEPOINT"
_gathered: ContextVar[_Gathered | None] = ContextVar("gathered_writes", default=None)


def write_gathered() -> None:
    """Run what is gathered until now."""
    gathered = _gathered.get()
    if gathered is not None:
        gathered.write()


def write_statement(query: str, values: Sequence[Any], rows: Sequence[models.Model]) -> None:
    """Run the statement, or gather it for `written_together`."""
    gathered = _gathered.get()
    if gathered is None:
        run_statement(query, values)
    else:
        gathered.add(query, values, rows)


def run_statement(query: str, values: Sequence[Any]) -> int:
    """Run a statement with `%s` for each value; the number of rows that it touched."""
    names, statement = _named(query)
    return run(statement, dict(zip(names, values, strict=True)))


@lru_cache(maxsize=2000)
def _named(query: str) -> tuple[Sequence[str], str]:
    """The names of the parameters, and the statement with these in place of `%s`."""
    first, *others = query.split("%s")
    names = [f"p{number}" for number in range(len(others))]
    return names, first + "".join(f"%({name})s{other}" for name, other in zip(names, others, strict=True))


@lru_cache(maxsize=2000)
def _united(queries: tuple[str, ...]) -> str:
    *others, last = queries
    parts = ", ".join(f"part{number} AS ({query})" for number, query in enumerate(others))
    return f"WITH {parts} {last}" if parts else last
