"""The planner's statistics after many rows were written: autovacuum renews them a minute later, or not at all if it is busy."""

from typing import Final

import structlog
from django.db import Error, connection, transaction
from psycopg import sql
from psycopg.errors import Diagnostic

from loyalty_project.db.errors import sqlstate

log = structlog.get_logger(__name__)

# Below so many changed rows any plan is quick; from so many on, the share of the table does not matter.
_FEWEST: Final = 1_000
_MOST: Final = 50_000
# What this connection wrote counts only when it was reported, which happens once a second at most.
_REPORT: Final = "SELECT pg_stat_force_next_flush()"
_OUTDATED: Final = """
SELECT counted.relname
FROM pg_stat_user_tables AS counted
JOIN pg_class AS relation ON relation.oid = counted.relid
WHERE counted.schemaname = current_schema() AND counted.n_mod_since_analyze >= %s
    AND counted.n_mod_since_analyze > least(0.1 * greatest(relation.reltuples, 0), %s)
ORDER BY counted.relname
"""


def analyze_outdated_tables() -> list[str]:
    """ANALYZE the tables in which at least 1,000 rows changed since the last time: more than a tenth, or more than 50,000.

    Call it outside of transactions, after the work that filled them: it returns their names. A table that cannot be analyzed
    (another owner's, a lock that is not free) is a warning in the log. Raises nothing of `django.db`.
    """
    try:
        return [table for table in _outdated_tables() if _is_analyzed(table)]
    except Error as error:
        log.warning("statistics_not_renewed", error=type(error).__name__, sqlstate=sqlstate(error))
        return []


def _outdated_tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_REPORT)
        cursor.execute(_OUTDATED, [_FEWEST, _MOST])
        return [name for (name,) in cursor.fetchall()]


def _is_analyzed(table: str) -> bool:
    refusals: list[str | None] = []
    database = connection.connection

    def note(diagnostic: Diagnostic) -> None:
        refusals.append(diagnostic.message_primary)

    # The server refuses with a warning, not with an error.
    database.add_notice_handler(note)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)).as_string(None))
    except Error as error:
        refusals.append(sqlstate(error))
    finally:
        database.remove_notice_handler(note)
    if refusals:
        log.warning("table_not_analyzed", table=table, reason=refusals[0])
    return not refusals
