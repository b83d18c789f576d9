"""How many rows are there? Counted up to a limit: beyond it the figure would cost more than it is worth."""

from typing import Any, Final

from django.db.models import IntegerField, QuerySet, Subquery

COUNTED: Final = 10_000


class BoundedCount(Subquery):
    """How many rows, one more than COUNTED at most: an annotation for `rows` that refer to the outer row."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by().values("pk")[: COUNTED + 1])


def count_label(count: int, limit: int = COUNTED) -> str:
    """The figure, or that there are more than `limit`."""
    return f"{count:,}" if count <= limit else f"more than {limit:,}"
