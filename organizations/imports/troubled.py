"""Imports that need attention: what the filter of the list, and the queue in the sidebar, show."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from loyalty_project import clock

# An import that has not finished by then has probably stopped.
UNFINISHED_AFTER: Final = timedelta(hours=3)
# Rejected rows are shown for so long.
REJECTED_FOR: Final = timedelta(days=7)


def troubled(runs: QuerySet[Any]) -> QuerySet[Any]:
    """Imports that have stopped, and those of the last week with rejected rows, unless they were undone."""
    now = clock.now()
    has_stopped = Q(finished_at=None, started_at__lt=now - UNFINISHED_AFTER)
    return runs.filter(undone_at=None).filter(has_stopped | Q(rejected__gt=0, finished_at__gte=now - REJECTED_FOR))
