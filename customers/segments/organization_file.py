"""How do segments come out of the organization file, and back into it? A segment is matched by name, its partitions too."""

from typing import Any, Final

from customers.segments.models import Segment
from customers.segments.partitions import active_partitions, set_partitions
from organizations.organization_file.checking import Document
from organizations.organization_file.rows import RowChanges, Table, Wanted
from organizations.organization_file.sections import Section

_SEGMENTS: Final = Table(
    model=Segment,
    key_of=lambda row: row.name,
    told=lambda row: f"segment {row.name}",
    words={"is_active": "active"},
)


def bring_segments(document: Document, rows: RowChanges) -> None:
    """Make segments and partitions what a checked document says (see `sections.Section`).

    A segment that the document no longer names keeps its partitions, so that it can be switched on again as it was.
    """
    said = {f"segments[{number}]": one for number, one in enumerate(document["segments"])}
    segments = rows.bring(_SEGMENTS, [Wanted(one["name"], path, _values(one)) for path, one in said.items()])
    paths = {segments[one["name"]].pk: path for path, one in said.items()}
    for one in set_partitions([(segments[one["name"]], one["partitions"]) for one in said.values()]):
        rows.note(one.segment, paths[one.segment.pk], {"partitions": one.old}, {"partitions": one.new})


def told_segments() -> list[dict[str, Any]]:
    """The segments of the scope's organization in the file's words, by name."""
    segments = list(Segment.objects.all())
    partitions = active_partitions(segments)
    return [{"name": one.name, "partitions": partitions[one.pk], "active": one.is_active} for one in segments]


SEGMENTS: Final = Section(name="segments", bring=bring_segments, tell=told_segments)


def _values(segment: dict[str, Any]) -> dict[str, Any]:
    return {"name": segment["name"], "is_active": segment["active"]}
