"""Queues: rows that wait for a decision or for attention, counted in the sidebar and on the start page.

Each app declares its own. All queues of a page are counted by one statement, each up to MOST rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from organizations.back_office.counting import BoundedCount
from organizations.tenancy.models import Organization

MOST: Final = 99
_COUNTED: Final = "_counted_queues"


@dataclass(frozen=True, slots=True)
class Queue:
    """Rows of a model (`app.model`) that wait. `title` is for more than one row; `icon` a name of Material Symbols.

    `rows` are those that the current user may see, None if the user has nothing to do with them. `filters` are the parameters
    of the list's address that shows them.
    """

    title: str
    icon: str
    model: str
    rows: Callable[[HttpRequest], QuerySet[Any] | None]
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def address(self) -> str:
        """The address of the list of these rows."""
        path = reverse(f"admin:{self.model.replace('.', '_')}_changelist")
        return f"{path}?{urlencode(self.filters)}" if self.filters else path

    def may_see(self, request: HttpRequest) -> bool:
        """True if the current user may see the list."""
        app, _, model = self.model.partition(".")
        return bool(request.user.has_perm(f"{app}.view_{model}"))


def count_queues(request: HttpRequest, queues: Sequence[Queue]) -> Mapping[Queue, int]:
    """The numbers of waiting rows of the queues that the current user sees, at most MOST + 1. One query a request, or none."""
    counted: Mapping[Queue, int] | None = getattr(request, _COUNTED, None)
    if counted is None:
        shown = [(queue, rows) for queue in queues if queue.may_see(request) and (rows := queue.rows(request)) is not None]
        counted = _count(shown)
        setattr(request, _COUNTED, counted)
    return counted


def queue_label(count: int) -> str:
    """The number, or “99+”."""
    return str(count) if count <= MOST else f"{MOST}+"


def _count(shown: Sequence[tuple[Queue, QuerySet[Any]]]) -> Mapping[Queue, int]:
    if not shown:
        return {}
    columns = {f"queue_{position}": BoundedCount(rows, most=MOST) for position, (_queue, rows) in enumerate(shown)}
    # The row does not matter: the numbers do not refer to it.
    counts = Organization.objects.order_by("pk").values_list(*columns.values())[:1]
    numbers = next(iter(counts), (0,) * len(shown))
    return {queue: number for (queue, _rows), number in zip(shown, numbers, strict=True)}
