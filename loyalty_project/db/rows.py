"""How are many rows written at once? New ones by INSERT or COPY with ids drawn before, changed ones by one UPDATE.

Statements are put together once a process and take an array a column, so that they are the same for any number of rows: the
server prepares them, and nothing is compiled for each call.
"""

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import orjson
from django.db import connection, models
from psycopg import sql

# Below this a prepared multi-row INSERT is as quick and one round trip shorter.
COPY_FROM = 50
# What psycopg writes just as the column wants it, without a detour through the field.
_WRITTEN_AS_IT_IS = (
    models.AutoField,
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """The next `count` primary keys of `model`, which nobody else will get."""
    if count == 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [model._meta.db_table, count]
        )
        return [row[0] for row in cursor.fetchall()]


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Write unsaved rows of one model. Rows without a primary key get one from the database and do not learn it."""
    if not rows:
        return
    model = type(rows[0])
    columns = _columns(model, with_key=rows[0].pk is not None)
    if len(rows) < COPY_FROM:
        readers, query = _insert_of(model, with_key=rows[0].pk is not None)
        with connection.cursor() as cursor:
            cursor.execute(query, [[read(row) for row in rows] for read in readers])
        return
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(one.column) for one in columns)
    )
    readers = [_reader(one) for one in columns]
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([read(row) for read in readers])


def _columns(model: type[models.Model], *, with_key: bool) -> list[Any]:
    return [one for one in model._meta.concrete_fields if not one.generated and (with_key or not one.primary_key)]


@cache
def _insert_of(model: type[models.Model], *, with_key: bool) -> tuple[list[Callable[[models.Model], Any]], str]:
    """What reads a row's values, a column each, and the statement that takes them as arrays."""
    columns = _columns(model, with_key=with_key)
    names = [sql.Identifier(one.column) for one in columns]
    statement = sql.SQL("INSERT INTO {table} ({names}) SELECT {values} FROM unnest({arrays}) AS given ({names})").format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(sql.SQL("given.{}").format(name) for name in names),
        arrays=sql.SQL(", ").join(sql.SQL("%s::") + sql.SQL(_array_type(one)) for one in columns),
    )
    return [_reader(one) for one in columns], statement.as_string(None)


def _array_type(one: Any) -> str:
    """The type of a column's array. Text is not cast to the column's length, which would cut it in silence."""
    if isinstance(one, models.CharField | models.TextField):
        return "text[]"
    return f"{one.rel_db_type(connection) if one.primary_key else one.db_type(connection)}[]"


def _reader(one: Any) -> Callable[[models.Model], Any]:
    """What gives the value of a column as COPY takes it."""
    if isinstance(one, models.JSONField) and one.encoder is None:
        read = attrgetter(one.attname)
        return lambda row: (
            None if (value := read(row)) is None else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
        )
    if isinstance(one, _WRITTEN_AS_IT_IS) and type(one).__module__.startswith("django.db.models."):
        return attrgetter(one.attname)
    return lambda row: one.get_db_prep_save(one.pre_save(row, add=True), connection)


def _json(value: Any) -> str:
    # Keys may be members of enumerations.
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def update_rows(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these attributes of saved rows of one model in one statement."""
    if not rows:
        return
    fields, query = _update_of(type(rows[0]), tuple(columns))
    values = [[one.get_db_prep_save(getattr(row, one.attname), connection) for row in rows] for one in fields]
    with connection.cursor() as cursor:
        cursor.execute(query, values)


@cache
def _update_of(model: type[models.Model], columns: tuple[str, ...]) -> tuple[list[Any], str]:
    """The fields whose values the statement takes, an array each, and the statement: put together once a process."""
    fields: list[Any] = [model._meta.get_field(name) for name in ("id", *columns)]
    statement = sql.SQL("UPDATE {table} SET {assignments} FROM unnest({arrays}) AS given ({names}) WHERE {table}.id = given.id")
    arrays = sql.SQL(", ").join(sql.SQL("%s::") + sql.SQL(_array_type(one)) for one in fields)
    names = [sql.Identifier(one.column) for one in fields]
    query = statement.format(
        table=sql.Identifier(model._meta.db_table),
        assignments=sql.SQL(", ").join(sql.SQL("{0} = given.{0}").format(name) for name in names[1:]),
        arrays=arrays,
        names=sql.SQL(", ").join(names),
    )
    return fields, query.as_string(None)
