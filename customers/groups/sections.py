"""Section `user_groups2` of customer/get (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import OuterRef, Subquery

from customers.groups.models import GroupMembership
from customers.groups.payloads import user_group
from customers.profile.reading import Payloads, Reading


def user_groups(ids: Sequence[int], reading: Reading) -> Payloads:
    """`user_groups2`, if the query asks for it: one query."""
    if not reading.wants("user_group"):
        return {}
    groups = groups_of(ids)
    return {customer_id: {"user_groups2": groups.get(customer_id, [])} for customer_id in ids}


def groups_of(ids: Collection[int]) -> Mapping[int, list[dict[str, str]]]:
    """Printed user groups by customer id, without customers who are in none: one query."""
    primaries = GroupMembership.objects.filter(group=OuterRef("group"), role=GroupMembership.Role.PRIMARY)
    rows = GroupMembership.objects.filter(customer_id__in=ids, group__is_active=True).select_related("group")
    by_customer: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in rows.annotate(primary=Subquery(primaries.values("customer_id"))).order_by("group__external_id"):
        by_customer[row.customer_id].append(user_group(row, row.primary))
    return by_customer
