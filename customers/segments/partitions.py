"""Which partitions has a segment, in which order? Those that are no longer named are switched off, with who is in them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from customers.segments.models import Segment, SegmentPartition
from loyalty_project.db.rows import update_rows


@dataclass(frozen=True, slots=True)
class PartitionChange:
    """What became of a segment's partitions: the active ones before and after, by name and in order."""

    segment: Segment
    old: list[str]
    new: list[str]


def set_partitions(wanted: Sequence[tuple[Segment, Sequence[str]]]) -> list[PartitionChange]:
    """Make the active partitions of each segment those named, in that order; what changed, in the order of `wanted`.

    Three queries at most, for any number of segments. Call it in a transaction, and record what changed.
    """
    present: defaultdict[int, dict[str, SegmentPartition]] = defaultdict(dict)
    for one in SegmentPartition.objects.filter(segment__in=[segment for segment, _ in wanted]).order_by("position", "name"):
        present[one.segment_id][one.name] = one
    new: list[SegmentPartition] = []
    changed: list[SegmentPartition] = []
    repartitions: list[PartitionChange] = []
    for segment, names in wanted:
        known = present[segment.pk]
        old = [name for name, one in known.items() if one.is_active]
        if old == list(names):
            continue
        repartitions.append(PartitionChange(segment, old, list(names)))
        positions = {name: position for position, name in enumerate(names, start=1)}
        new += [_partition(segment, name, position) for name, position in positions.items() if name not in known]
        changed += [one for one in known.values() if _take_place(one, positions)]
    SegmentPartition.objects.bulk_create(new)
    update_rows(changed, ["position", "is_active"])
    return repartitions


def active_partitions(segments: Sequence[Segment]) -> Mapping[int, list[str]]:
    """The names of the active partitions by segment, in order: one query."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    active = SegmentPartition.objects.filter(segment__in=segments, is_active=True).order_by("position", "name")
    for segment_id, name in active.values_list("segment_id", "name"):
        names[segment_id].append(name)
    return names


def _partition(segment: Segment, name: str, position: int) -> SegmentPartition:
    return SegmentPartition(organization_id=segment.organization_id, segment=segment, name=name, position=position)


def _take_place(partition: SegmentPartition, positions: Mapping[str, int]) -> bool:
    """Bring a partition to its place, or switch it off where it has none; whether that changed it."""
    before = (partition.position, partition.is_active)
    partition.position = positions.get(partition.name, partition.position)
    partition.is_active = partition.name in positions
    return before != (partition.position, partition.is_active)
