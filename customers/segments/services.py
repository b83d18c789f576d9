"""Assigning customers to partitions of segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, CharField

from customers.profile.locks import lock_customers
from customers.segments.models import CustomerSegment, SegmentPartition
from customers.webhook_events import announce_changes
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.results import RowResult, RowStatus
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries


@dataclass(frozen=True, slots=True)
class Assignment:
    """A customer and their new partition of a segment. `names_merged`: it was stated of a customer merged into this one."""

    customer_id: int
    partition: SegmentPartition
    names_merged: bool = False


def find_partitions(segments: set[str]) -> Mapping[tuple[str, str], SegmentPartition]:
    """Active partitions of the active segments of these names, by both names: one query."""
    active = SegmentPartition.objects.filter(is_any_of("segment__name", segments, CharField()), segment__is_active=True)
    partitions = active.filter(is_active=True).select_related("segment")
    return {(partition.segment.name, partition.name): partition for partition in partitions}


def assign_partitions(assignments: Sequence[Assignment], *, by: Actor) -> list[RowResult]:
    """Assign the customers in order; a result for each. The number of queries does not grow.

    A customer leaves the partition of the same segment they were in. What is stated of a merged customer changes nothing if the
    customer was in that partition: a merge keeps the survivor's (docs/protocol.md 7). Call it in a transaction. Raises
    `django.db.OperationalError` (55P03) if a customer is not free in time.
    """
    if not assignments:
        return []
    ids = {assignment.customer_id for assignment in assignments}
    lock_customers(ids)
    rows = CustomerSegment.objects.filter(is_any_of("customer_id", ids, BigIntegerField())).select_related("partition")
    present = {(row.customer_id, row.segment_id): row for row in rows}
    history = _history_of({assignment.customer_id for assignment in assignments if assignment.names_merged})
    new: list[CustomerSegment] = []
    moved: dict[int, CustomerSegment] = {}
    changes: list[Change] = []
    results: list[RowResult] = []
    for assignment in assignments:
        key = (assignment.customer_id, assignment.partition.segment_id)
        row = present.get(key)
        if row is None:
            row = present[key] = _new_row(assignment)
            new.append(row)
            changes.append(_change(assignment, None))
            results.append(RowResult(RowStatus.CREATED))
        elif row.partition_id == assignment.partition.pk or (
            assignment.names_merged and (assignment.customer_id, assignment.partition.pk) in history
        ):
            results.append(RowResult(RowStatus.UNCHANGED))
        else:
            changes.append(_change(assignment, row.partition))
            row.partition = assignment.partition
            if row.pk is not None:
                moved[row.pk] = row
            results.append(RowResult(RowStatus.UPDATED))
    insert_rows(new)
    update_rows(list(moved.values()), ["partition"])
    insert_rows(audit_entries(changes, by=by))
    announce_changes(changes, organization=by.organization)
    return results


def _history_of(survivors: set[int]) -> set[tuple[int, int]]:
    """Survivors and the partitions of customers merged into them: one query, none without survivors."""
    if not survivors:
        return set()
    of_victims = is_any_of("customer__merged_into_id", survivors, BigIntegerField())
    rows = CustomerSegment.objects.filter(of_victims).values_list("customer__merged_into_id", "partition_id")
    return {(survivor, partition) for survivor, partition in rows if survivor is not None}


def _new_row(assignment: Assignment) -> CustomerSegment:
    return CustomerSegment(
        organization_id=assignment.partition.organization_id,
        customer_id=assignment.customer_id,
        segment_id=assignment.partition.segment_id,
        partition=assignment.partition,
    )


def _change(assignment: Assignment, before: SegmentPartition | None) -> Change:
    """The entry of the customer's history."""
    name = f"segment {assignment.partition.segment.name}"
    return Change(
        action="updated",
        object_type="customer",
        object_id=assignment.customer_id,
        old={name: before.name} if before else {},
        new={name: assignment.partition.name},
    )
