"""Bulk writes: new rows by INSERT or COPY, changed rows by one UPDATE.

Each statement is composed once a process, the same for any number of rows, so that the server prepares it and no call compiles
SQL. Few rows go as one parameter of JSON, which costs least for one row; many by COPY, or as one array a column.
`db.gathering.written_together` makes one statement of several.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Final

import orjson
from django.db import OperationalError, connection, models
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
from loyalty_project.db.gathering import run_statement, write_gathered, write_statement
from loyalty_project.db.ids import give_ids

# Below this number of rows JSON is quicker than COPY and arrays.
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
        content, query = _insert_of(model, with_key=with_key)
        values: list[Any] = [content.of(rows)]
        if guard is None:
            write_statement(query, values, rows)
        elif run_statement(f"{query} WHERE {guard.condition}", [*values, *guard.parameters]) < len(rows):
            guard.refuse()
        return
    if guard is not None:
        guard.check()
    write_gathered()
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
    if len(rows) < COPY_FROM:
        content, query = _update_of(type(rows[0]), tuple(columns))
        write_statement(query, [content.of(rows)], rows)
    else:
        written, query = _update_of_many(type(rows[0]), tuple(columns))
        write_statement(query, [column.array(rows) for column in written], rows)


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


@dataclass(frozen=True, slots=True)
class _Content:
    """Columns of few rows as a parameter of JSON: by their attributes, as text, or by a function."""

    plain: Sequence[tuple[str, str]]
    numbers: Sequence[tuple[str, str]]
    others: Sequence[tuple[str, Callable[[models.Model], Any]]]

    def of(self, rows: Sequence[models.Model]) -> str:
        """The rows."""
        return _json([self._row(row) for row in rows])

    def _row(self, row: models.Model) -> dict[str, Any]:
        values = row.__dict__
        content = {column: values[name] for column, name in self.plain}
        for column, name in self.numbers:
            value = values[name]
            content[column] = value if value is None else str(value)
        for column, read in self.others:
            content[column] = read(row)
        return content


def _content(fields: Sequence[Any]) -> _Content:
    plain: list[tuple[str, str]] = []
    numbers: list[tuple[str, str]] = []
    others: list[tuple[str, Callable[[models.Model], Any]]] = []
    for field in fields:
        column, name = field.column, field.attname
        if not _is_of_django(field):
            others.append((column, _reader(field)))
        elif isinstance(field, models.DecimalField):
            numbers.append((column, name))
        elif isinstance(field, _WRITTEN_AS_IT_IS) or (isinstance(field, models.JSONField) and field.encoder is None):
            plain.append((column, name))
        else:
            others.append((column, _reader(field)))
    return _Content(plain, numbers, others)


@cache
def _insert_of(model: type[models.Model], *, with_key: bool) -> tuple[_Content, str]:
    """The columns, and the statement that takes their rows."""
    fields = _fields(model, with_key=with_key)
    statement = sql.SQL("INSERT INTO {table} ({names}) SELECT {names} FROM {rows} AS given")
    table = sql.Identifier(model._meta.db_table)
    names = sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)
    return _content(fields), statement.format(table=table, names=names, rows=_rows_of(table)).as_string(None)


@cache
def _update_of(model: type[models.Model], columns: tuple[str, ...]) -> tuple[_Content, str]:
    """The columns, and the statement that takes their rows."""
    fields = _changed(model, columns)
    table = sql.Identifier(model._meta.db_table)
    return _content(fields), _UPDATE.format(
        table=table, assignments=_assignments(fields), given=_rows_of(table), names=sql.SQL("")
    ).as_string(None)


def _rows_of(table: sql.Composable) -> sql.Composable:
    """The rows of a parameter. Each column is read as its type: text that is too long is an error."""
    return sql.SQL("json_populate_recordset(NULL::{}, %s::json)").format(table)


_UPDATE: Final = sql.SQL("UPDATE {table} SET {assignments} FROM {given} AS given {names} WHERE {table}.id = given.id")


def _changed(model: type[models.Model], columns: tuple[str, ...]) -> list[Any]:
    return [model._meta.get_field(name) for name in ("id", *columns)]


def _assignments(fields: Sequence[Any]) -> sql.Composable:
    """What an UPDATE sets: all fields but the first, the key."""
    return sql.SQL(", ").join(sql.SQL("{0} = given.{0}").format(sql.Identifier(field.column)) for field in fields[1:])


@cache
def _update_of_many(model: type[models.Model], columns: tuple[str, ...]) -> tuple[list[_Column], str]:
    """The columns whose values the statement takes, an array each, and the statement."""
    fields = _changed(model, columns)
    query = _UPDATE.format(
        table=sql.Identifier(model._meta.db_table),
        assignments=_assignments(fields),
        given=sql.SQL("unnest({})").format(_arrays_of(fields)),
        names=sql.SQL("({})").format(sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)),
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
