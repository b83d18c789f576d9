"""`manage.py import_tiers --organization CODE FILE`: imports tiers of members (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
from engagement.programs.catalog import current_catalog
from engagement.tier_setting.rows import check_tier_columns, read_tier_row
from engagement.tier_setting.services import CONSTRAINTS, bring_tiers
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.columns import IDENTIFIERS
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand


class Command(ImportCommand):
    """Sets the tiers that a file names, as of their own moments."""

    name = "import_tiers"
    help = "Imports tiers of members from a CSV file: docs/imports.md."
    about = "Tiers of members that another system knows"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_tier_columns(columns)
        return Worker(work=TiersBatch(by).work, constraints=CONSTRAINTS, fallback=Code.INVALID_INPUT, codes=IDENTIFIERS)


@dataclass(frozen=True, slots=True)
class TiersBatch:
    """Works rows of a tiers file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row; rows of a customer are set in the order of `since`."""
        now = clock.now()
        organization = self.by.organization
        read = read_rows(rows, partial(read_tier_row, zone=organization.zone, now=now), organization=organization)
        return work_sound(read, partial(bring_tiers, catalog=current_catalog(), by=self.by, now=now))
