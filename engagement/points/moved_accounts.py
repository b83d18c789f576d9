"""Accounts with those that moved to them by merges."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db.models import BigIntegerField, Q, QuerySet

from engagement.points.models import PointsAccount
from engagement.programs.account_key import AccountKey
from loyalty_project.db.lookups import is_any_of

# The accounts of `customer`, with those that merges made the history of one, in programs that are shown.
OWN_ACCOUNTS: Final = """engagement_pointsaccount AS own
    JOIN engagement_program AS program ON program.organization_id = %(organization)s AND program.id = own.program_id
        AND program.is_active AND program.id = coalesce(%(program)s::bigint, program.id)"""


def with_moved(accounts: Iterable[int]) -> QuerySet[Any, Any]:
    """A subquery for the ids of these accounts and of their history, by which an index finds entries.

    A condition on the account's `moved_to` instead would read the whole ledger.
    """
    ids = list(accounts)
    own_or_moved = Q(is_any_of("pk", ids, BigIntegerField())) | Q(is_any_of("moved_to_id", ids, BigIntegerField()))
    return PointsAccount.objects.filter(own_or_moved).order_by().values("pk")


def account_ids(customer_ids: Collection[int]) -> dict[AccountKey, list[int]]:
    """Ids of the points accounts of these customers, with those that merges brought as history. One query."""
    rows = PointsAccount.objects.filter(is_any_of("customer_id", customer_ids, BigIntegerField()))
    ids: defaultdict[AccountKey, list[int]] = defaultdict(list)
    for customer, program, pk in rows.values_list("customer_id", "program_id", "pk"):
        ids[AccountKey(customer, program)].append(pk)
    return ids
