"""How does a transaction keep others out? The one place that takes row and advisory locks.

Order everywhere, so that no two transactions wait for each other: identifier locks first (sorted), then customers by primary
key, then what hangs on them. All locks end with the transaction; one that is not free within the connection's `lock_timeout`
raises `django.db.OperationalError` with SQLSTATE 55P03.
"""

from collections.abc import Iterable
from typing import TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)


def lock(rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """The rows, locked for update in the order of their primary keys (joined tables stay unlocked)."""
    return rows.order_by("pk").select_for_update(of=("self",))


def lock_numbers(numbers: Iterable[int]) -> None:
    """Hold an advisory lock for each 64-bit number until the transaction ends, taken in ascending order."""
    ordered = sorted(set(numbers))
    if not ordered:
        return
    with connection.cursor() as cursor:
        # The subquery's order is the order in which the locks are taken.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(number) FROM (SELECT unnest(%s::bigint[]) AS number ORDER BY 1) AS sorted",
            [ordered],
        )
