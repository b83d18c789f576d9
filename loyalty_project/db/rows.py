"""Bulk writes: new rows by INSERT or COPY, changed rows by one UPDATE.

Each statement is composed once a process and takes one array a column. It is the same for any number of rows, so that the
server prepares it and no call compiles SQL. `written_together` makes one of several.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Final, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, models
from django.db.models.base import ModelState
from psycopg import sql
from psycopg.errors import LockNotAvailable

from loyalty_project.db.arrays import (
    Writer,
    boolean_array,
    integer_array,
    moment_array,
    number_array,
    text_array,
)
from loyalty_project.db.statements import fetch_written, run

Row = TypeVar("Row", bound=models.Model)
# Below this number of rows a prepared INSERT is as quick as COPY and takes one round trip less.
COPY_FROM = 50
# Types whose values psycopg writes unchanged, without a conversion by the field.
_WRITTEN_AS_IT_IS = (
    models.AutoField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition in SQL on which rows are written: what the caller decided on is still so.

    If it does not hold, the caller's work is refused like work that waits for another action: later it may succeed.
    """

    condition: str
    parameters: Sequence[Any]
    reason: str

    def refuse(self) -> None:
        """Raise `django.db.OperationalError` with SQLSTATE 55P03."""
        raise OperationalError(self.reason) from LockNotAvailable(self.reason)

    def check(self) -> None:
        """Check the condition in a statement of its own. Raises as `refuse`."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 WHERE {self.condition}", self.parameters)
            if cursor.fetchone() is None:
                self.refuse()


def read_instance(model: type[Row], **values: Any) -> Row:
    """A stored row as an instance, of the columns (`customer_id`) that were read: ten times as quick as `model(**values)`.

    Columns that were not read are loaded on access, as those of a deferred field.
    """
    row = model.__new__(model)
    row._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    row.__dict__.update(values)
    return row


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """The next `count` primary keys of `model`; no other transaction gets them."""
    return _draw([model._meta.db_table] * count)


def give_ids(*groups: Sequence[models.Model]) -> None:
    """Give unsaved rows their primary keys, for rows that refer to each other before they are written: one statement."""
    rows = [row for group in groups for row in group]
    for row, pk in zip(rows, _draw([row._meta.db_table for row in rows]), strict=True):
        row.pk = pk


def _draw(tables: Sequence[str]) -> list[int]:
    """The next primary key of each of these tables, in their order."""
    return [row[0] for row in fetch_written(_DRAW, {"tables": text_array(tables)})] if tables else []


_DRAW: Final = "SELECT nextval(pg_get_serial_sequence(name, 'id')) FROM unnest(%(tables)s::text[]) AS given (name)"


def insert_with_ids(rows: Sequence[models.Model]) -> None:
    """Write unsaved rows of one model that learn their primary keys: two statements for any number of rows."""
    give_ids(rows)
    insert_rows(rows)


def insert_rows(rows: Sequence[models.Model], *, guard: Guard | None = None) -> None:
    """Write unsaved rows of one model. The database numbers rows without a primary key; the instances keep None.

    A `guard` that does not hold refuses all of them; of few rows it is part of their INSERT.
    """
    if not rows:
        return
    model = type(rows[0])
    with_key = rows[0].pk is not None
    if len(rows) < COPY_FROM:
        columns, query = _insert_of(model, with_key=with_key)
        values: list[Any] = [column.array(rows) for column in columns]
        if guard is None:
            _write(query, values)
        elif _run(f"{query} WHERE {guard.condition}", [*values, *guard.parameters]) < len(rows):
            guard.refuse()
        return
    if guard is not None:
        guard.check()
    _write_gathered()
    fields = _fields(model, with_key=with_key)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)
    )
    readers = [_reader(field) for field in fields]
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([read(row) for read in readers])


def update_rows(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these attributes of saved rows of one model in one statement."""
    if not rows:
        return
    written, query = _update_of(type(rows[0]), tuple(columns))
    _write(query, [column.array(rows) for column in written])


@contextmanager
def written_together() -> Iterator[None]:
    """Make one statement of the inserts (of few rows) and updates inside: it runs at the end, unless an exception comes first.

    Each row is inserted or updated once. Nothing inside reads what it wrote; keys are drawn beforehand.
    """
    if _gathered.get() is not None:
        yield
        return
    parts: _Parts = []
    token = _gathered.set(parts)
    try:
        yield
        _write_gathered()
    finally:
        _gathered.reset(token)


_Parts = list[tuple[str, Sequence[Any]]]
_gathered: ContextVar[_Parts | None] = ContextVar("gathered_writes", default=None)


def _write_gathered() -> None:
    parts = _gathered.get()
    if parts:
        _run(_united(tuple(query for query, _ in parts)), [value for _, values in parts for value in values])
        parts.clear()


def _write(query: str, values: Sequence[Any]) -> None:
    """Run the statement, or gather it for `written_together`."""
    parts = _gathered.get()
    if parts is None:
        _run(query, values)
    else:
        parts.append((query, values))


def _run(query: str, values: Sequence[Any]) -> int:
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


@dataclass(frozen=True, slots=True)
class _Column:
    """A written column: how the values of rows are read, and how an array is made of them (None: the driver does)."""

    read: Callable[[models.Model], Any]
    write: Writer | None

    def array(self, rows: Sequence[models.Model]) -> Any:
        """The values of the rows as a parameter."""
        read = self.read
        values = [read(row) for row in rows]
        return values if self.write is None else self.write(values)


def _fields(model: type[models.Model], *, with_key: bool) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.generated and (with_key or not field.primary_key)]


@cache
def _insert_of(model: type[models.Model], *, with_key: bool) -> tuple[list[_Column], str]:
    """The columns, and the statement that takes their values as arrays."""
    fields = _fields(model, with_key=with_key)
    names = [sql.Identifier(field.column) for field in fields]
    statement = sql.SQL("INSERT INTO {table} ({names}) SELECT {values} FROM unnest({arrays}) AS given ({names})").format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(sql.SQL("given.{}").format(name) for name in names),
        arrays=_arrays_of(fields),
    )
    return [_column(field) for field in fields], statement.as_string(None)


@cache
def _update_of(model: type[models.Model], columns: tuple[str, ...]) -> tuple[list[_Column], str]:
    """The columns whose values the statement takes, an array each, and the statement."""
    fields: list[Any] = [model._meta.get_field(name) for name in ("id", *columns)]
    statement = sql.SQL("UPDATE {table} SET {assignments} FROM unnest({arrays}) AS given ({names}) WHERE {table}.id = given.id")
    names = [sql.Identifier(field.column) for field in fields]
    query = statement.format(
        table=sql.Identifier(model._meta.db_table),
        assignments=sql.SQL(", ").join(sql.SQL("{0} = given.{0}").format(name) for name in names[1:]),
        arrays=_arrays_of(fields),
        names=sql.SQL(", ").join(names),
    )
    return [_column(field) for field in fields], query.as_string(None)


def _arrays_of(fields: Sequence[Any]) -> sql.Composable:
    """The parameters. A sub-select hides the length of the first from the planner, which then keeps one plan for all."""
    first, *others = (sql.SQL("%s::") + sql.SQL(_array_type(field)) for field in fields)
    return sql.SQL(", ").join([sql.SQL("(SELECT {})").format(first), *others])


def _array_type(field: Any) -> str:
    """Type of a column's array. Text has no length here: a cast to the column's length would truncate it without an error."""
    if isinstance(field, models.CharField | models.TextField):
        return "text[]"
    return f"{field.rel_db_type(connection) if field.primary_key else field.db_type(connection)}[]"


def _column(field: Any) -> _Column:
    plain = field.target_field if isinstance(field, models.ForeignKey) else field
    is_plain = _is_of_django(plain) and getattr(plain, "encoder", None) is None
    write = next((writer for kinds, writer in _WRITERS if isinstance(plain, kinds)), None) if is_plain else None
    return _Column(_reader(field), write)


def _is_of_django(field: Any) -> bool:
    return type(field).__module__.startswith("django.db.models.")


_WRITERS: Sequence[tuple[type[Any] | tuple[type[Any], ...], Writer]] = (
    (models.IntegerField, integer_array),  # numbered keys are integer fields as well
    (models.BooleanField, boolean_array),
    (models.DateField, moment_array),
    (models.DecimalField, number_array),
    ((models.CharField, models.TextField, models.JSONField), text_array),
)


def _reader(field: Any) -> Callable[[models.Model], Any]:
    """Function from a row to the value of a column, in the form that COPY takes."""
    if isinstance(field, models.JSONField) and field.encoder is None:
        read = attrgetter(field.attname)
        return lambda row: None if (value := read(row)) is None else _json(value)
    if isinstance(field, _WRITTEN_AS_IT_IS) and _is_of_django(field):
        return attrgetter(field.attname)
    if isinstance(field, models.DecimalField) and _is_of_django(field):
        read = attrgetter(field.attname)
        return lambda row: value if isinstance(value := read(row), Decimal) else field.to_python(value)
    return lambda row: field.get_db_prep_save(field.pre_save(row, add=True), connection)


def _json(value: Any) -> str:
    # Keys may be members of enumerations.
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
