"""Counts up to a limit, because counting millions of rows is slow."""

from typing import Any, Final

from django.db.models import IntegerField, QuerySet, Subquery

COUNTED: Final = 10_000


class BoundedCount(Subquery):
    """Number of `rows`, at most `most` (COUNTED) + 1: an annotation, for rows that may refer to the outer row."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any], *, most: int | None = None) -> None:
        limit = COUNTED if most is None else most
        super().__init__(rows.order_by().values("pk")[: limit + 1])


def count_label(count: int, limit: int = COUNTED) -> str:
    """The number, or “more than” `limit`."""
    return f"{count:,}" if count <= limit else f"more than {limit:,}"
