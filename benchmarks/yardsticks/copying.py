"""Yardstick of imports: COPY of the same rows into the same tables, with their indexes."""

import time
from collections.abc import Mapping

import psycopg
from psycopg import sql

# The rows exist already: their copies get ids far above, and identifiers that nobody else has.
_FAR = 1 << 40
_CHANGED: Mapping[str, Mapping[str, str]] = {
    "customers_customer": {"id": f"id + {_FAR}"},
    "customers_identifier": {
        "id": f"id + {_FAR}",
        "customer_id": f"customer_id + {_FAR}",
        "value": "'z' || substr(value, 2)",
        "value_folded": "'z' || substr(value_folded, 2)",
    },
    "organizations_auditentry": {"id": f"id + {_FAR}", "object_id": f"object_id + {_FAR}"},
}
# Generated columns cannot be copied.
_COLUMNS = (
    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped"
)


def last_ids(database: str) -> dict[str, int]:
    """The highest id of each table, without copies."""
    with psycopg.connect(database) as connection:
        found = {}
        for table in _CHANGED:
            statement = sql.SQL("SELECT coalesce(max(id), 0) FROM {} WHERE id < %s").format(sql.Identifier(table))
            found[table] = connection.execute(statement, [_FAR]).fetchall()[0][0]
        return found


def copy_again(database: str, since: Mapping[str, int]) -> float:
    """Seconds of a transaction that copies the rows written since those ids."""
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        prepared = []
        for table, last_id in since.items():
            cursor.execute(_COLUMNS, [table])
            columns = [name for (name,) in cursor.fetchall()]
            values = sql.SQL(", ").join(sql.SQL(_CHANGED[table].get(name) or f'"{name}"') for name in columns)
            query = sql.SQL("COPY (SELECT {} FROM {} WHERE id > {} AND id < {} ORDER BY id) TO STDOUT")
            with cursor.copy(query.format(values, sql.Identifier(table), last_id, _FAR)) as rows:
                into = sql.SQL("COPY {} ({}) FROM STDIN")
                names = sql.SQL(", ").join(map(sql.Identifier, columns))
                prepared.append((into.format(sql.Identifier(table), names), b"".join(rows)))
        begun = time.perf_counter()
        for statement, data in prepared:
            with cursor.copy(statement) as copy:
                copy.write(data)
        connection.commit()
        return time.perf_counter() - begun
