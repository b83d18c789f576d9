"""Likely duplicates that wait for a decision, as the current user of the back office sees them."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from customers.duplicates.models import DuplicateCandidate
from organizations.back_office.current_user import in_own_stores
from organizations.back_office.queues import Queue


def open_pairs(request: HttpRequest) -> QuerySet[DuplicateCandidate]:
    """Open pairs of which the current user may see both customers."""
    pairs = DuplicateCandidate.objects.filter(state=DuplicateCandidate.State.OPEN)
    return in_own_stores(in_own_stores(pairs, request, "first__registered_store"), request, "second__registered_store")


DUPLICATES: Final = Queue(
    "Likely duplicates", "join_inner", "customers.duplicatecandidate", open_pairs, (("state__exact", "OPEN"),)
)
