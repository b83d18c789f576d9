"""`manage.py import_recommendations --organization CODE FILE`: imports recommended products (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customers.lookup.resolve import read_rows
from engagement.recommendations.imports import (
    CODES,
    CONSTRAINTS,
    FREE_TEXT,
    check_recommendation_columns,
    import_recommendations,
    read_recommendation_row,
)
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand
from organizations.tenancy.models import Organization


class Command(ImportCommand):
    """Brings the recommendations of a file."""

    name = "import_recommendations"
    help = "Imports recommended products from a CSV file: docs/imports.md."
    about = "Products recommended to customers"
    moves_points = False

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_recommendation_columns(columns)
        return Worker(
            work=RecommendationBatch(by.organization).work,
            constraints=CONSTRAINTS,
            fallback=Code.INVALID_INPUT,
            codes=CODES,
            free_text=FREE_TEXT,
        )


@dataclass(frozen=True, slots=True)
class RecommendationBatch:
    """Works rows of a recommendations file."""

    organization: Organization

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization, now = self.organization, clock.now()
        read = read_rows(rows, read_recommendation_row, organization=organization)
        return work_sound(read, lambda sound: map(RowResult, import_recommendations(sound, organization=organization, now=now)))
