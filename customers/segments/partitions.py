"""The partitions of segments, and their order."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.segments.models import Segment, SegmentPartition
from loyalty_project.db.rows import update_rows


@dataclass(frozen=True, slots=True)
class PartitionChange:
    """Active partitions of a segment before and after a change: their names in order."""

    segment: Segment
    old: list[str]
    new: list[str]


def set_partitions(wanted: Sequence[tuple[Segment, Sequence[str]]]) -> list[PartitionChange]:
    """Set the active partitions of each segment, in this order; the changes, in the order of `wanted`.

    Partitions that are not named become inactive and keep their customers. At most three queries for any number of segments.
    Call it in a transaction, and record the changes in the audit.
    """
    present: defaultdict[int, dict[str, SegmentPartition]] = defaultdict(dict)
    rows = SegmentPartition.objects.filter(segment__in=[segment for segment, _ in wanted]).order_by("position", "name")
    for row in rows:
        present[row.segment_id][row.name] = row
    new: list[SegmentPartition] = []
    changed: list[SegmentPartition] = []
    changes: list[PartitionChange] = []
    for segment, names in wanted:
        known = present[segment.pk]
        old = [name for name, row in known.items() if row.is_active]
        if old == list(names):
            continue
        changes.append(PartitionChange(segment, old, list(names)))
        positions = {name: position for position, name in enumerate(names, start=1)}
        new += [_partition(segment, name, position) for name, position in positions.items() if name not in known]
        changed += [row for row in known.values() if _set_position(row, positions)]
    SegmentPartition.objects.bulk_create(new)
    update_rows(changed, ["position", "is_active"])
    return changes


def active_partitions(segments: Sequence[Segment]) -> Mapping[int, list[str]]:
    """Names of the active partitions by segment id, in order: one query."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    active = SegmentPartition.objects.filter(segment__in=segments, is_active=True).order_by("position", "name")
    for segment_id, name in active.values_list("segment_id", "name"):
        names[segment_id].append(name)
    return names


def _partition(segment: Segment, name: str, position: int) -> SegmentPartition:
    return SegmentPartition(organization_id=segment.organization_id, segment=segment, name=name, position=position)


def _set_position(partition: SegmentPartition, positions: Mapping[str, int]) -> bool:
    """Set the position of a partition, or make it inactive without one; True if that changes it."""
    before = (partition.position, partition.is_active)
    partition.position = positions.get(partition.name, partition.position)
    partition.is_active = partition.name in positions
    return before != (partition.position, partition.is_active)
