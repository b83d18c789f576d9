"""`manage.py import_segments --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from customers.lookup.resolve import NamedCustomer, resolve_named
from customers.segments.models import SegmentPartition
from customers.segments.services import Assignment, assign_partitions, find_partitions
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values, refusal
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import text
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand

_REQUIRED: Final = ("segment", "partition")


class Command(ImportCommand):
    """Assign the customers of a file to partitions of segments."""

    name = "import_segments"
    help = "Imports which partition of a segment customers are in, from a CSV file: docs/imports.md."
    about = "Which partition of a segment customers are in"
    moves_points = False

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - none matter
        """A worker for these columns. Raises `ColumnsError`."""
        check_columns(columns, known=dict.fromkeys((*IDENTIFIERS, *_REQUIRED), ""), required=_REQUIRED)
        return Worker(work=SegmentBatch(by).work, constraints={}, fallback=Code.UPDATE_FAILED)


@dataclass(frozen=True, slots=True)
class SegmentBatch:
    """Worker of a segments file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        customers = resolve_named(rows, organization=organization)
        partitions = find_partitions({text(row, "segment") for row in rows})
        assignments = [_read(row, customer, partitions) for row, customer in zip(rows, customers, strict=True)]
        return work_sound(assignments, partial(assign_partitions, by=self.by))


def _read(
    row: Values, customer: NamedCustomer | LoyaltyError, partitions: Mapping[tuple[str, str], SegmentPartition]
) -> Assignment | LoyaltyError:
    if isinstance(customer, LoyaltyError):
        return customer
    segment = text(row, "segment")
    partition = partitions.get((segment, text(row, "partition")))
    if partition:
        return Assignment(customer.customer_id, partition, names_merged=customer.is_merged)
    if segment not in {known for known, _ in partitions}:
        return refusal(row, "segment", "is not an active segment with partitions")
    return refusal(row, "partition", f"is not an active partition of {segment}")
