"""A page of each of several lists in one query, by a window over each list."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Count, F, Model, QuerySet, Window
from django.db.models.functions import RowNumber

Row = TypeVar("Row", bound=Model)


def page_of_each(rows: QuerySet[Row], *, by: str, order: Sequence[str], limit: int, offset: int = 0) -> QuerySet[Row]:
    """`limit` rows from `offset` of each list, where a list is the rows with the same `by`, in `order`.

    Each row carries the length of its whole list as `list_length`.
    """
    numbered: Any = rows.annotate(
        position=Window(RowNumber(), partition_by=[F(by)], order_by=list(order)),
        list_length=Window(Count("pk"), partition_by=[F(by)]),
    )
    page: QuerySet[Row] = numbered.filter(position__gt=offset, position__lte=offset + limit).order_by(by, "position")
    return page
