"""Section `segments` of the organization file. Segments and their partitions are matched by name."""

from typing import Any, Final

from customers.segments.models import Segment
from customers.segments.partitions import active_partitions, set_partitions
from organizations.organization_file.common_keys import ACTIVE
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import ListOf, Struct, Text, optional, required
from organizations.organization_file.sections import Document, Section, list_rows
from organizations.tenancy.models import Organization

SEGMENT: Final = Struct(
    {
        "name": required(Text(100)),
        "partitions": required(ListOf(Text(100), unique=True, filled=True)),
        "active": ACTIVE,
    }
)
SEGMENT_TABLE: Final = Table(model=Segment, key_of=lambda row: row.name, label=lambda row: f"segment {row.name}")


def load_segments(document: Document, rows: RowChanges) -> None:
    """Make segments and partitions equal to the document.

    A segment that the document no longer names keeps its partitions, so that it can be switched on again unchanged.
    """
    listed = list_rows(document, "segments")
    segments = rows.apply(SEGMENT_TABLE, [_segment_row(path, segment) for path, segment in listed])
    paths = {segments[segment["name"]].pk: path for path, segment in listed}
    for change in set_partitions([(segments[segment["name"]], segment["partitions"]) for _, segment in listed]):
        path = paths[change.segment.pk]
        rows.record_change(change.segment, path, {"partitions": change.old}, {"partitions": change.new})


def dump_segments(_organization: Organization) -> list[dict[str, Any]]:
    """Segments with their active partitions, by name."""
    segments = list(Segment.objects.all())
    partitions = active_partitions(segments)
    return [{"name": segment.name, "partitions": partitions[segment.pk], "active": segment.is_active} for segment in segments]


SEGMENTS: Final = Section(
    name="segments",
    schema=optional(ListOf(SEGMENT, key=("name",)), []),
    load=load_segments,
    dump=dump_segments,
)


def _segment_row(path: str, segment: dict[str, Any]) -> WantedRow:
    return WantedRow(segment["name"], path, {"name": segment["name"], "is_active": segment["active"]})
