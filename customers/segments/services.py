"""How does a customer come into a partition of a segment? By being put there, out of the segment's partition they were in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BigIntegerField, CharField

from customers.profile.locks import lock_customers
from customers.segments.models import CustomerSegment, SegmentPartition
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.results import RowResult, RowStatus
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries


@dataclass(frozen=True, slots=True)
class Assignment:
    """A customer, by id, and the partition they belong in."""

    customer_id: int
    partition: SegmentPartition


def find_partitions(segments: set[str]) -> Mapping[tuple[str, str], SegmentPartition]:
    """The active partitions of the active segments of these names, by both names: one query."""
    active = SegmentPartition.objects.filter(is_any_of("segment__name", segments, CharField()), segment__is_active=True)
    return {(one.segment.name, one.name): one for one in active.filter(is_active=True).select_related("segment")}


def assign_partitions(assignments: Sequence[Assignment], *, by: Actor) -> list[RowResult]:
    """Put the customers where they belong, in order; an outcome for each. The number of queries does not grow.

    Call it in a transaction. Raises `django.db.OperationalError` (55P03) when a customer is not free in time.
    """
    if not assignments:
        return []
    ids = {one.customer_id for one in assignments}
    lock_customers(ids)
    of_these = CustomerSegment.objects.filter(is_any_of("customer_id", ids, BigIntegerField())).select_related("partition")
    present = {(row.customer_id, row.segment_id): row for row in of_these}
    new: list[CustomerSegment] = []
    moved: dict[int, CustomerSegment] = {}
    changes: list[Change] = []
    outcomes: list[RowResult] = []
    for one in assignments:
        key = (one.customer_id, one.partition.segment_id)
        row = present.get(key)
        if row is None:
            row = present[key] = _unsaved(one)
            new.append(row)
            changes.append(_change(one, None))
            outcomes.append(RowResult(RowStatus.CREATED))
        elif row.partition_id == one.partition.pk:
            outcomes.append(RowResult(RowStatus.UNCHANGED))
        else:
            changes.append(_change(one, row.partition))
            row.partition = one.partition
            if row.pk is not None:
                moved[row.pk] = row
            outcomes.append(RowResult(RowStatus.UPDATED))
    insert_rows(new)
    update_rows(list(moved.values()), ["partition"])
    insert_rows(audit_entries(changes, by=by))
    return outcomes


def _unsaved(one: Assignment) -> CustomerSegment:
    return CustomerSegment(
        organization_id=one.partition.organization_id,
        customer_id=one.customer_id,
        segment_id=one.partition.segment_id,
        partition=one.partition,
    )


def _change(one: Assignment, before: SegmentPartition | None) -> Change:
    """As the customer's history tells it."""
    word = f"segment {one.partition.segment.name}"
    return Change(
        action="updated",
        object_type="customer",
        object_id=one.customer_id,
        old={word: before.name} if before else {},
        new={word: one.partition.name},
    )
