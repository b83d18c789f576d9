"""How does a history of points come in? `manage.py import_points --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from customers.lookup.resolve import resolve_rows
from engagement.points_import.posting import CONSTRAINTS, post_history
from engagement.points_import.rows import PointsRow, check_points_columns, read_points_row
from engagement.programs.catalog import load_catalog
from loyalty_project import clock
from loyalty_project.imports.batches import Values, Worker
from loyalty_project.imports.results import RowResult, RowStatus, rejected, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand
from organizations.locations.lookup import Locations, find_locations


class Command(ImportCommand):
    """Posts the awards, redemptions, adjustments and expiries of a file."""

    name = "import_points"
    help = "Imports postings of points from a CSV file: docs/imports.md."

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """A worker for these columns. Raises `ColumnsError`."""
        check_points_columns(columns)
        return Worker(work=PointsBatch(by).work, constraints=CONSTRAINTS, fallback=Code.INVALID_INPUT)


@dataclass(frozen=True, slots=True)
class PointsBatch:
    """What is done with the rows of a points file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """An outcome for each row, those of one customer worked in the order of `occurred_at`."""
        now = clock.now()
        owners = resolve_rows(rows, organization=self.by.organization, policy=self.by.organization.policy)
        places = find_locations(stores=_named(rows, "store_code"), tills=_named(rows, "till_code"))
        read = [self._read(row, owner, places, now) for row, owner in zip(rows, owners, strict=True)]
        return work_sound(read, lambda sound: map(_outcome, post_history(sound, catalog=load_catalog(), by=self.by, now=now)))

    def _read(self, row: Values, owner: int | LoyaltyError, places: Locations, now: datetime) -> PointsRow | LoyaltyError:
        if isinstance(owner, LoyaltyError):
            return owner
        try:
            return read_points_row(row, customer_id=owner, zone=self.by.organization.zone, places=places, now=now)
        except LoyaltyError as refusal:
            return refusal


def _named(rows: Sequence[Values], column: str) -> set[str]:
    return {value for row in rows if (value := row.get(column, "").strip())}


def _outcome(result: RowStatus | LoyaltyError) -> RowResult:
    return rejected(result.code) if isinstance(result, LoyaltyError) else RowResult(result)
