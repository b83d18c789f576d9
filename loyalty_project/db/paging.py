"""How is a page read of each of several lists at once? In one query, with a window over each list."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Count, F, Model, QuerySet, Window
from django.db.models.functions import RowNumber

Row = TypeVar("Row", bound=Model)


def page_of_each(rows: QuerySet[Row], *, by: str, order: Sequence[str], limit: int, offset: int = 0) -> QuerySet[Row]:
    """The rows from `offset` on, `limit` of each list of rows that have the same `by`; list by list, each in its `order`.

    Every row also tells how long its whole list is, as `list_length`.
    """
    numbered: Any = rows.annotate(
        place=Window(RowNumber(), partition_by=[F(by)], order_by=list(order)),
        list_length=Window(Count("pk"), partition_by=[F(by)]),
    )
    page: QuerySet[Row] = numbered.filter(place__gt=offset, place__lte=offset + limit).order_by(by, "place")
    return page
