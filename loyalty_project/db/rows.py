"""Bulk writes: new rows by INSERT or COPY, changed rows by one UPDATE.

Each statement is composed once a process, the same for any number of rows, so that the server prepares it and no call compiles
SQL. Few rows go as one parameter of JSON, which costs least for one row; many by COPY, or as one array a column.
`written_together` makes one statement of several.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
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


def read_instance(model: type[Row], **values: Any) -> Row:
    """A stored row as an instance, of the columns (`customer_id`) that were read: ten times as quick as `model(**values)`.

    Columns that were not read are loaded on access, as those of a deferred field.
    """
    row = model.__new__(model)
    row._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    row.__dict__.update(values)
    return row


def new_instance(model: type[Row], **values: Any) -> Row:
    """An unsaved row, as `model(**values)` and several times as quick: by names of fields, or of columns (`customer_id`)."""
    blank = _blank_of(model)
    row = model.__new__(model)
    content = row.__dict__
    content["_state"] = state = ModelState()
    content.update(blank.constants)
    for name, make in blank.made:
        content[name] = make()
    for name, value in values.items():
        column = blank.relations.get(name)
        if column is None:
            content[name] = value
        else:
            content[column] = None if value is None else value.pk
            state.fields_cache[name] = value
    return row


@dataclass(frozen=True, slots=True)
class _Blank:
    """The defaults of a model's columns: constants, and what is made for each row; and the columns of its foreign keys."""

    constants: Mapping[str, Any]
    made: Sequence[tuple[str, Callable[[], Any]]]
    relations: Mapping[str, str]


@cache
def _blank_of(model: type[models.Model]) -> _Blank:
    fields: list[Any] = [field for field in model._meta.concrete_fields if not field.generated]
    made = {field.attname: field.get_default for field in fields if callable(field.default) and field.has_default()}
    return _Blank(
        constants={field.attname: field.get_default() for field in fields if field.attname not in made},
        made=list(made.items()),
        relations={field.name: field.attname for field in fields if field.is_relation},
    )


def draw_ids(model: type[models.Model], count: int) -> list[int]:
    """The next `count` primary keys of `model`; no other transaction gets them."""
    return _draw([model._meta.db_table] * count)


def give_ids(*groups: Sequence[models.Model], ahead: Sequence[type[models.Model]] = ()) -> list[int]:
    """Give unsaved rows their primary keys, for rows that refer to each other before they are written: one statement.

    Returns the primary keys of a later row of each of the models `ahead`.
    """
    rows = [row for group in groups for row in group]
    ids = _draw([*(row._meta.db_table for row in rows), *(model._meta.db_table for model in ahead)])
    for row, pk in zip(rows, ids, strict=False):
        row.pk = pk
    return ids[len(rows) :]


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
        content, query = _insert_of(model, with_key=with_key)
        values: list[Any] = [content.of(rows)]
        if guard is None:
            _write(query, values, rows)
        elif _run(f"{query} WHERE {guard.condition}", [*values, *guard.parameters]) < len(rows):
            guard.refuse()
        return
    if guard is not None:
        guard.check()
    gathered = _gathered.get()
    if gathered is not None:
        gathered.write()
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
        _write(query, [content.of(rows)], rows)
    else:
        written, query = _update_of_many(type(rows[0]), tuple(columns))
        _write(query, [column.array(rows) for column in written], rows)


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
            _run(_united(tuple(query for query, _ in parts)), [value for _, values in parts for value in values])

    def _drop(self) -> None:
        self._parts, self._blocks = [], {}

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001 - Django's signature of wrappers
        """Run the writes, then another statement."""
        if self._parts and sql != _DRAW:
            if sql.startswith(_UNDONE):
                self._drop()
            else:
                self.write()
        return execute(sql, params, many, context)


# A savepoint's statement has run all writes before it, so that those that wait are of the savepoint.
_UNDONE: Final = "ROLLBACK TO SAVEPOINT"
_gathered: ContextVar[_Gathered | None] = ContextVar("gathered_writes", default=None)


def _write(query: str, values: Sequence[Any], rows: Sequence[models.Model]) -> None:
    """Run the statement, or gather it for `written_together`."""
    gathered = _gathered.get()
    if gathered is None:
        _run(query, values)
    else:
        gathered.add(query, values, rows)


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
