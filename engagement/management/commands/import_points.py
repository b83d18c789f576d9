"""`manage.py import_points --organization CODE FILE`: imports postings of points (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
from engagement.points_import.posting import CONSTRAINTS, post_history
from engagement.points_import.rows import CODES, check_points_columns, read_points_row
from engagement.programs.catalog import current_catalog
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand
from organizations.locations.lookup import find_row_locations


class Command(ImportCommand):
    """Posts the awards, redemptions, adjustments and expiries of a file."""

    name = "import_points"
    help = "Imports postings of points from a CSV file: docs/imports.md."
    about = "Points that another system has given, taken or let expire"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_points_columns(columns)
        return Worker(work=PointsBatch(by).work, constraints=CONSTRAINTS, fallback=Code.INVALID_INPUT, codes=CODES)


@dataclass(frozen=True, slots=True)
class PointsBatch:
    """Works rows of a points file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row; rows of a customer are posted in the order of `occurred_at`."""
        now = clock.now()
        organization = self.by.organization
        read = partial(read_points_row, zone=organization.zone, places=find_row_locations(rows), now=now)
        return work_sound(
            read_rows(rows, read, organization=organization),
            partial(post_history, catalog=current_catalog(), by=self.by, now=now),
        )
