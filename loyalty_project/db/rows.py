"""How are many rows written at once? New ones by INSERT or COPY with ids drawn before, changed ones by one UPDATE."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from psycopg import sql

# Below this a prepared multi-row INSERT is as quick and one round trip shorter.
COPY_FROM = 50


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
    if len(rows) < COPY_FROM:
        model._base_manager.bulk_create(rows)
        return
    columns: list[Any] = [one for one in model._meta.concrete_fields if not (one.primary_key and rows[0].pk is None)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(one.column) for one in columns)
    )
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([one.get_db_prep_save(one.pre_save(row, add=True), connection) for one in columns])


def update_rows(rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    """Write these attributes of saved rows of one model in one statement."""
    if not rows:
        return
    model = type(rows[0])
    fields: list[Any] = [model._meta.get_field(name) for name in ("id", *columns)]
    statement = sql.SQL("UPDATE {table} SET {assignments} FROM unnest({arrays}) AS given ({names}) WHERE {table}.id = given.id")
    arrays = sql.SQL(", ").join(
        sql.SQL("%s::") + sql.SQL(f"{one.rel_db_type(connection) if one.primary_key else one.db_type(connection)}[]")
        for one in fields
    )
    names = [sql.Identifier(one.column) for one in fields]
    values = [[one.get_db_prep_save(getattr(row, one.attname), connection) for row in rows] for one in fields]
    query = statement.format(
        table=sql.Identifier(model._meta.db_table),
        assignments=sql.SQL(", ").join(sql.SQL("{0} = given.{0}").format(name) for name in names[1:]),
        arrays=arrays,
        names=sql.SQL(", ").join(names),
    )
    with connection.cursor() as cursor:
        cursor.execute(query, values)
