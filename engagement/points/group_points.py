"""Points of user groups: sums over their members, by program (docs/protocol.md 4.5).

The sums are made in the database, whatever the number of members; only accounts that are due are read one by one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import FilteredRelation, Q, Sum
from django.db.models.functions import Greatest

from customers.groups.models import GroupMembership
from engagement.points.settlement import settled_accounts
from engagement.programs.account_key import AccountKey
from loyalty_project import clock
from organizations.tenancy.models import Organization

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPoints:
    """Points of all members of a group in a program: earned in all, and to spend."""

    group_id: int
    program_id: int
    lifetime: Decimal
    spendable: Decimal


def points_of_groups(customer_ids: Collection[int], *, organization: Organization) -> Mapping[int, list[GroupPoints]]:
    """Points of these customers' groups, by customer: in the order of the groups' external ids, the default program first.

    One query if no member's account is due.
    """
    found: defaultdict[int, list[GroupPoints]] = defaultdict(list)
    rows = _summed(customer_ids, organization)
    due = {customer_id for row in rows for customer_id in row["due"]}
    settled = settled_accounts(due, organization=organization) if due else {}
    asked: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        asked[row["group_id"]].update(row["asked"])
    for row in rows:
        if not row["account__program__is_active"]:
            continue
        late = [settled[AccountKey(customer_id, row["account__program_id"])].account for customer_id in row["due"]]
        points = GroupPoints(
            group_id=row["group_id"],
            program_id=row["account__program_id"],
            lifetime=row["lifetime"] + sum((account.lifetime for account in late), ZERO),
            spendable=row["spendable"] + sum((max(account.balance, ZERO) for account in late), ZERO),
        )
        for customer_id in asked[row["group_id"]]:
            found[customer_id].append(points)
    return found


def _summed(customer_ids: Collection[int], organization: Organization) -> Sequence[Any]:
    """A row for each group and program: sums over accounts that are not due, owners of due ones, and the customers asked for.

    Members without an account are in a row without a program.
    """
    concerned = GroupMembership.objects.filter(customer_id__in=customer_ids, group__is_active=True).values("group_id")
    # The index of accounts begins with the organization.
    account = FilteredRelation("customer__points_accounts", condition=Q(customer__points_accounts__organization=organization))
    is_due = Q(account__due_at__lte=clock.now())
    return list(
        GroupMembership.objects.filter(group_id__in=concerned)
        .annotate(account=account)
        .values("group_id", "account__program_id", "account__program__is_active")
        .annotate(
            lifetime=Sum("account__lifetime", filter=~is_due, default=ZERO),
            spendable=Sum(Greatest("account__balance", ZERO), filter=~is_due, default=ZERO),
            due=ArrayAgg("customer_id", filter=is_due, default=[]),
            asked=ArrayAgg("customer_id", filter=Q(customer_id__in=customer_ids), default=[]),
        )
        .order_by("group__external_id", "-account__program__is_default", "account__program__name")
    )
