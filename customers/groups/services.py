"""Members of user groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, CharField, Q

from customers.groups.models import GroupMembership, UserGroup
from customers.profile.locks import lock_customers
from customers.webhook_events import announce_changes
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.cells import reason
from loyalty_project.imports.results import RowResult, RowStatus, rejected
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries

Role = GroupMembership.Role


@dataclass(frozen=True, slots=True)
class MembershipInput:
    """A customer, a group and a role. Role "" keeps the present role; new members get MEMBER.

    `names_merged`: it was stated of a customer who is merged into this one.
    """

    customer_id: int
    group: UserGroup
    role: str
    names_merged: bool = False


def find_groups(external_ids: set[str]) -> Mapping[str, UserGroup]:
    """Active groups by external id: one query."""
    groups = UserGroup.objects.filter(is_any_of("external_id", external_ids, CharField()), is_active=True)
    return {group.external_id: group for group in groups}


def join_groups(memberships: Sequence[MembershipInput], *, by: Actor) -> list[RowResult]:
    """Add the customers to their groups, in order; a result for each. The number of queries does not grow.

    A second primary member of a group is rejected (400): the present one has to become a MEMBER first. A plain member who was
    merged into another member changes nothing: the survivor keeps the role (docs/protocol.md 7). Call it in a
    transaction. Raises `django.db.OperationalError` (55P03) if a customer or group is not free in time.
    """
    if not memberships:
        return []
    batch = _open_batch(memberships)
    results = [batch.join(membership) for membership in memberships]
    batch.write(by=by)
    return results


def _open_batch(memberships: Sequence[MembershipInput]) -> "_MembershipBatch":
    """Lock customers and groups, and read the memberships of these customers and of primary members."""
    ids, groups = {membership.customer_id for membership in memberships}, {membership.group.pk for membership in memberships}
    lock_customers(ids)
    list(lock(UserGroup.objects.filter(is_any_of("pk", groups, BigIntegerField()))).only("pk"))
    concerned = Q(is_any_of("customer_id", ids, BigIntegerField())) | Q(role=Role.PRIMARY)
    rows = GroupMembership.objects.filter(is_any_of("group_id", groups, BigIntegerField())).filter(concerned)
    return _MembershipBatch({(row.group_id, row.customer_id): row for row in rows})


class _MembershipBatch:
    """Unit of work over the memberships that one call touches."""

    def __init__(self, present: dict[tuple[int, int], GroupMembership]) -> None:
        self.present = present
        self.primaries = {group: customer for (group, customer), row in present.items() if row.role == Role.PRIMARY}
        self.new: list[GroupMembership] = []
        self.changed: dict[int, GroupMembership] = {}
        self.changes: list[Change] = []

    def join(self, membership: MembershipInput) -> RowResult:
        """Add one customer to a group, or change the role."""
        key = (membership.group.pk, membership.customer_id)
        row = self.present.get(key)
        role = membership.role or (row.role if row else Role.MEMBER)
        if role == Role.PRIMARY and self.primaries.get(membership.group.pk, membership.customer_id) != membership.customer_id:
            problem = "has a primary member already; make that one a MEMBER first"
            return rejected(Code.INVALID_INPUT, reason("group", membership.group.external_id, problem))
        if row is not None and (row.role == role or (membership.names_merged and role == Role.MEMBER)):
            return RowResult(RowStatus.UNCHANGED)
        self.changes.append(_change(membership, row.role if row else None, role))
        self._keep_primary(membership, role)
        if row is None:
            row = self.present[key] = GroupMembership(
                organization_id=membership.group.organization_id,
                group=membership.group,
                customer_id=membership.customer_id,
                role=role,
            )
            self.new.append(row)
            return RowResult(RowStatus.CREATED)
        row.role = role
        if row.pk is not None:
            self.changed[row.pk] = row
        return RowResult(RowStatus.UPDATED)

    def _keep_primary(self, membership: MembershipInput, role: str) -> None:
        if role == Role.PRIMARY:
            self.primaries[membership.group.pk] = membership.customer_id
        elif self.primaries.get(membership.group.pk) == membership.customer_id:
            del self.primaries[membership.group.pk]

    def write(self, *, by: Actor) -> None:
        """Write the changes. Former primary members first: a constraint allows one primary member per group."""
        for role in (Role.MEMBER, Role.PRIMARY):
            update_rows([row for row in self.changed.values() if row.role == role], ["role"])
        insert_rows(self.new)
        insert_rows(audit_entries(self.changes, by=by))
        announce_changes(self.changes, organization=by.organization)


def _change(membership: MembershipInput, before: str | None, after: str) -> Change:
    """The entry of the customer's history."""
    name = f"group {membership.group.external_id}"
    return Change(
        action="updated",
        object_type="customer",
        object_id=membership.customer_id,
        old={name: before} if before else {},
        new={name: after},
    )
