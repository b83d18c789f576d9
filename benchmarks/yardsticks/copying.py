"""Yardstick of imports: COPY of the same rows into the same tables, with all their indexes and foreign keys.

What an import has written is found by comparing the highest ids of all tables before and after it, so that no table can be
left out. The rows exist already: their copies get ids far above, and refer to each other.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

import psycopg
from psycopg import sql

_FAR: Final = 1 << 40
# Values that nobody else may have.
_CHANGED: Final[Mapping[str, Mapping[str, str]]] = {
    # No code that was drawn begins with 0.
    "engagement_coupon": {"code": "'0' || substr(code, 2)"},
    "organizations_createdrecord": {"record_id": f"record_id + {_FAR}"},
    "customers_identifier": {"value": "'z' || substr(value, 2)", "value_folded": "'z' || substr(value_folded, 2)"},
}
# References that no foreign key shows.
_FURTHER_REFERENCES: Final[Mapping[str, Mapping[str, str]]] = {"organizations_auditentry": {"object_id": "customers_customer"}}
# The import's own progress, one row for each run.
_LEFT_OUT: Final = frozenset({"organizations_importrun"})
_TABLES: Final = """
SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND attname = 'id' AND atttypid = 'bigint'::regtype AND NOT attisdropped
ORDER BY relname
"""
# Generated columns cannot be copied.
_COLUMNS: Final = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped ORDER BY attnum
"""
_REFERENCES: Final = """
SELECT own.attname, confrelid::regclass::text
FROM pg_constraint CROSS JOIN unnest(conkey, confkey) AS pair (own_column, other_column)
    JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = own_column
    JOIN pg_attribute AS other ON other.attrelid = confrelid AND other.attnum = other_column
WHERE contype = 'f' AND conrelid = %s::regclass AND other.attname = 'id'
"""


@dataclass(frozen=True, slots=True)
class Copied:
    """Rows copied by table, and the seconds that it took."""

    rows: Mapping[str, int]
    seconds: float


def last_ids(database: str) -> dict[str, int]:
    """The highest id of each table, without copies."""
    with psycopg.connect(database) as connection:
        tables = [table for (table,) in connection.execute(_TABLES) if table not in _LEFT_OUT]
        return {table: _last_id(connection, table) for table in tables}


def copy_again(database: str, since: Mapping[str, int]) -> Copied:
    """Copy all rows that were written since those ids, in one transaction."""
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        written = [table for table, last_id in since.items() if _last_id(connection, table) > last_id]
        references: dict[str, dict[str, str]] = {
            table: dict(cursor.execute(_REFERENCES, [table]).fetchall()) for table in written
        }
        for table, further in _FURTHER_REFERENCES.items():
            if table in references:
                references[table] |= further
        prepared = []
        for table in _ordered(references):
            columns = [name for (name,) in cursor.execute(_COLUMNS, [table]).fetchall()]
            values = sql.SQL(", ").join(_value(table, column, references[table], since) for column in columns)
            rows = sql.SQL("COPY (SELECT {} FROM {} WHERE id > {} AND id < {} ORDER BY id) TO STDOUT")
            with cursor.copy(rows.format(values, sql.Identifier(table), since[table], _FAR)) as copy:
                data = b"".join(copy)
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            prepared.append((table, sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names), data))
        counts = {}
        begun = time.perf_counter()
        for table, statement, data in prepared:
            with cursor.copy(statement) as copy:
                copy.write(data)
            counts[table] = cursor.rowcount
        connection.commit()
        return Copied(counts, time.perf_counter() - begun)


def _last_id(connection: psycopg.Connection[Any], table: str) -> int:
    statement = sql.SQL("SELECT coalesce(max(id), 0) FROM {} WHERE id < %s").format(sql.Identifier(table))
    return int(connection.execute(statement, [_FAR]).fetchall()[0][0])


def _ordered(references: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    """The tables, each behind those that it refers to."""
    return TopologicalSorter(
        {
            table: {other for other in found.values() if other in references and other != table}
            for table, found in references.items()
        }
    ).static_order()


def _value(table: str, column: str, references: Mapping[str, str], since: Mapping[str, int]) -> sql.Composable:
    """The value of a copied row's column. An id of a row that was written since is that of its copy."""
    name = sql.Identifier(column)
    if column == "id":
        return sql.SQL("id + {}").format(_FAR)
    if column in references and references[column] in since:
        last_id = since[references[column]]
        return sql.SQL("CASE WHEN {0} > {1} THEN {0} + {2} ELSE {0} END").format(name, last_id, _FAR)
    return sql.SQL(_CHANGED.get(table, {}).get(column, "{}")).format(name)
