"""The database after a test that commits: everything that it wrote is deleted.

Django truncates every table instead and writes content types and permissions anew, which takes ten times as long. Tables are
truncated here too where so much was written that each row's references take longer to check.
"""

from django.db import connection, transaction
from psycopg import sql

# What migrations write.
_KEPT = ["django_migrations", "django_content_type", "auth_permission"]
_WRITTEN = """
    SELECT relname, EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal), pg_relation_size(oid)
    FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0 AND relname != ALL(%s)
"""
_MUCH = 8 * 1024 * 1024


def delete_rows() -> None:
    """Delete the rows of all tables, whatever their triggers refuse. Constraints are checked when all are gone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WRITTEN, [_KEPT])
        rows = cursor.fetchall()
        if not rows:
            return
        tables = sql.SQL(", ").join(sql.Identifier(table) for table, _, _ in rows)
        if sum(size for _, _, size in rows) > _MUCH:
            cursor.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
            return
        guarded = [sql.Identifier(table) for table, has_triggers, _ in rows if has_triggers]
        # Like TRUNCATE, wait until transactions of killed processes have ended.
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(tables))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in guarded:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        deletions = [
            sql.SQL("{} AS (DELETE FROM {})").format(sql.Identifier(f"deletion_{number}"), sql.Identifier(table))
            for number, (table, _, _) in enumerate(rows)
        ]
        cursor.execute(sql.SQL("WITH {} SELECT").format(sql.SQL(", ").join(deletions)))
        for table in guarded:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
