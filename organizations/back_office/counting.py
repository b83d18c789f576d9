"""Counts up to a limit, because counting millions of rows is slow, and the planner's estimate of what is above it."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.db.models import IntegerField, QuerySet, Subquery
from django.utils.translation import gettext

from loyalty_project.translation import format_number

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
    return format_number(count) if count <= limit else gettext("more than %(limit)s") % {"limit": format_number(limit)}


@dataclass(frozen=True, slots=True)
class RowCount:
    """A number of rows as text. `is_exact` is False above the limit."""

    text: str
    is_exact: bool = True


def row_count(rows: QuerySet[Any], limit: int = COUNTED) -> RowCount:
    """The number of rows: exact up to `limit`, then “about” the planner's estimate in two significant digits.

    One query up to the limit, two above it. The estimate is made for the rows' own conditions, the organization included.
    """
    keys = rows.order_by().prefetch_related(None).values("pk")
    count = keys[: limit + 1].count()
    if count <= limit:
        return RowCount(format_number(count))
    (plan,) = orjson.loads(keys.explain(format="json"))
    estimate = int(plan["Plan"]["Plan Rows"])
    about = gettext("about %(count)s") % {"count": format_number(round(estimate, 2 - len(str(estimate))))}
    return RowCount(about if estimate > limit else count_label(count, limit), is_exact=False)
