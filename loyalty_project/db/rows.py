"""Bulk writes: new rows by INSERT or COPY, changed rows by one UPDATE.

Each statement is composed once a process and takes one array a column. It is the same for any number of rows, so that the
server prepares it and no call compiles SQL.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, models
from django.db.models.base import ModelState
from psycopg import sql
from psycopg.errors import LockNotAvailable

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
    if count == 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [model._meta.db_table, count]
        )
        return [row[0] for row in cursor.fetchall()]


def give_ids(rows: Sequence[models.Model]) -> None:
    """Give unsaved rows of one model their primary keys, for rows that refer to each other before they are written."""
    if rows:
        for row, pk in zip(rows, draw_ids(type(rows[0]), len(rows)), strict=True):
            row.pk = pk


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
    columns = _columns(model, with_key=rows[0].pk is not None)
    if len(rows) < COPY_FROM:
        readers, query = _insert_of(model, with_key=rows[0].pk is not None)
        values: list[Any] = [[read(row) for row in rows] for read in readers]
        if guard is not None:
            query, values = f"{query} WHERE {guard.condition}", [*values, *guard.parameters]
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            if guard is not None and cursor.rowcount < len(rows):
                guard.refuse()
        return
    if guard is not None:
        guard.check()
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(field.column) for field in columns)
    )
    readers = [_reader(field) for field in columns]
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([read(row) for read in readers])


def _columns(model: type[models.Model], *, with_key: bool) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.generated and (with_key or not field.primary_key)]


@cache
def _insert_of(model: type[models.Model], *, with_key: bool) -> tuple[list[Callable[[models.Model], Any]], str]:
    """One reader a column, and the statement that takes their values as arrays."""
    columns = _columns(model, with_key=with_key)
    names = [sql.Identifier(field.column) for field in columns]
    statement = sql.SQL("INSERT INTO {table} ({names}) SELECT {values} FROM unnest({arrays}) AS given ({names})").format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(sql.SQL("given.{}").format(name) for name in names),
        arrays=sql.SQL(", ").join(sql.SQL("%s::") + sql.SQL(_array_type(field)) for field in columns),
    )
    return [_reader(field) for field in columns], statement.as_string(None)


def _array_type(field: Any) -> str:
    """Type of a column's array. Text has no length here: a cast to the column's length would truncate it without an error."""
    if isinstance(field, models.CharField | models.TextField):
        return "text[]"
    return f"{field.rel_db_type(connection) if field.primary_key else field.db_type(connection)}[]"


def _reader(field: Any) -> Callable[[models.Model], Any]:
    """Function from a row to the value of a column, in the form that COPY takes."""
    if isinstance(field, models.JSONField) and field.encoder is None:
        read = attrgetter(field.attname)
        return lambda row: None if (value := read(row)) is None else _json(value)
    if isinstance(field, _WRITTEN_AS_IT_IS) and type(field).__module__.startswith("django.db.models."):
        return attrgetter(field.attname)
    return lambda row: field.get_db_prep_save(field.pre_save(row, add=True), connection)


def _json(value: Any) -> str:
    # Keys may be members of enumerations.
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def update_rows(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these attributes of saved rows of one model in one statement."""
    if not rows:
        return
    fields, query = _update_of(type(rows[0]), tuple(columns))
    values = [[field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(query, values)


@cache
def _update_of(model: type[models.Model], columns: tuple[str, ...]) -> tuple[list[Any], str]:
    """The fields whose values the statement takes, an array each, and the statement."""
    fields: list[Any] = [model._meta.get_field(name) for name in ("id", *columns)]
    statement = sql.SQL("UPDATE {table} SET {assignments} FROM unnest({arrays}) AS given ({names}) WHERE {table}.id = given.id")
    arrays = sql.SQL(", ").join(sql.SQL("%s::") + sql.SQL(_array_type(field)) for field in fields)
    names = [sql.Identifier(field.column) for field in fields]
    query = statement.format(
        table=sql.Identifier(model._meta.db_table),
        assignments=sql.SQL(", ").join(sql.SQL("{0} = given.{0}").format(name) for name in names[1:]),
        arrays=arrays,
        names=sql.SQL(", ").join(names),
    )
    return fields, query.as_string(None)
