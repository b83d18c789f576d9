"""How does a customer come into a user group, and who stands for it? One primary member at most; nobody is displaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, CharField, Q

from customers.groups.models import GroupMembership, UserGroup
from customers.profile.locks import lock_customers
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.results import RowResult, RowStatus, rejected
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries

Role = GroupMembership.Role


@dataclass(frozen=True, slots=True)
class MembershipInput:
    """A customer, by id, and the group they belong to. Role "": as it is, and of somebody new MEMBER."""

    customer_id: int
    group: UserGroup
    role: str


def find_groups(external_ids: set[str]) -> Mapping[str, UserGroup]:
    """The active groups of these external ids: one query."""
    found = UserGroup.objects.filter(is_any_of("external_id", external_ids, CharField()), is_active=True)
    return {one.external_id: one for one in found}


def join_groups(joinings: Sequence[MembershipInput], *, by: Actor) -> list[RowResult]:
    """Bring the customers into their groups, in order; an outcome for each. The number of queries does not grow.

    Who would be a second primary member is rejected (400): the first one is made a MEMBER before. Call it in a transaction.
    Raises `django.db.OperationalError` (55P03) when a customer or group is not free in time.
    """
    if not joinings:
        return []
    roster = _open_batch(joinings)
    outcomes = [roster.join(one) for one in joinings]
    roster.write(by=by)
    return outcomes


def _open_batch(joinings: Sequence[MembershipInput]) -> "_MembershipBatch":
    """Lock customers and groups, and read who is in these groups already: of the customers, and the primary members."""
    ids, groups = {one.customer_id for one in joinings}, {one.group.pk for one in joinings}
    lock_customers(ids)
    list(lock(UserGroup.objects.filter(is_any_of("pk", groups, BigIntegerField()))).only("pk"))
    concerned = Q(is_any_of("customer_id", ids, BigIntegerField())) | Q(role=Role.PRIMARY)
    present = GroupMembership.objects.filter(is_any_of("group_id", groups, BigIntegerField())).filter(concerned)
    return _MembershipBatch({(row.group_id, row.customer_id): row for row in present})


class _MembershipBatch:
    """The memberships of one batch, as they are after the rows worked so far."""

    def __init__(self, present: dict[tuple[int, int], GroupMembership]) -> None:
        self.present = present
        self.primaries = {group: customer for (group, customer), row in present.items() if row.role == Role.PRIMARY}
        self.new: list[GroupMembership] = []
        self.changed: dict[int, GroupMembership] = {}
        self.changes: list[Change] = []

    def join(self, one: MembershipInput) -> RowResult:
        """Work one row."""
        key = (one.group.pk, one.customer_id)
        row = self.present.get(key)
        role = one.role or (row.role if row else Role.MEMBER)
        if role == Role.PRIMARY and self.primaries.get(one.group.pk, one.customer_id) != one.customer_id:
            return rejected(Code.INVALID_INPUT)
        if row is not None and row.role == role:
            return RowResult(RowStatus.UNCHANGED)
        self.changes.append(_change(one, row.role if row else None, role))
        self._keep_primary(one, role)
        if row is None:
            row = self.present[key] = GroupMembership(
                organization_id=one.group.organization_id, group=one.group, customer_id=one.customer_id, role=role
            )
            self.new.append(row)
            return RowResult(RowStatus.CREATED)
        row.role = role
        if row.pk is not None:
            self.changed[row.pk] = row
        return RowResult(RowStatus.UPDATED)

    def _keep_primary(self, one: MembershipInput, role: str) -> None:
        if role == Role.PRIMARY:
            self.primaries[one.group.pk] = one.customer_id
        elif self.primaries.get(one.group.pk) == one.customer_id:
            del self.primaries[one.group.pk]

    def write(self, *, by: Actor) -> None:
        """Store what changed. Primary members step down before others take their place, as the database insists."""
        for role in (Role.MEMBER, Role.PRIMARY):
            update_rows([row for row in self.changed.values() if row.role == role], ["role"])
        insert_rows(self.new)
        insert_rows(audit_entries(self.changes, by=by))


def _change(one: MembershipInput, before: str | None, after: str) -> Change:
    """As the customer's history tells it."""
    word = f"group {one.group.external_id}"
    return Change(
        action="updated",
        object_type="customer",
        object_id=one.customer_id,
        old={word: before} if before else {},
        new={word: after},
    )
