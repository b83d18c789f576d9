"""Accounts with those that moved to them by merges."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, Q, QuerySet

from engagement.points.models import PointsAccount
from loyalty_project.db.lookups import is_any_of


def with_moved(accounts: Iterable[int]) -> QuerySet[Any, Any]:
    """A subquery for the ids of these accounts and of their history, by which an index finds entries.

    A condition on the account's `moved_to` instead would read the whole ledger.
    """
    ids = list(accounts)
    own_or_moved = Q(is_any_of("pk", ids, BigIntegerField())) | Q(is_any_of("moved_to_id", ids, BigIntegerField()))
    return PointsAccount.objects.filter(own_or_moved).order_by().values("pk")
