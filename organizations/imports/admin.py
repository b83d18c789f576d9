"""Import runs: imported files and the results of their rows."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from django.contrib import admin
from unfold.decorators import display

from loyalty_project.imports.results import kinds_of
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.filters import NamedFilter, Rows
from organizations.imports.models import ImportRun
from organizations.imports.runs import occurrences_of
from organizations.imports.troubled import troubled


class StateFilter(NamedFilter):
    """Imports that need attention, and those that have not finished."""

    title = parameter_name = "state"
    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]] = {
        "troubled": ("failed: stopped, or rows rejected in the last week", troubled),
        "unfinished": ("unfinished", lambda rows: rows.filter(finished_at=None)),
    }


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Import runs, read-only: the import commands start and continue them."""

    has_history = False

    fields = (
        "command", "filename", "state_label", "started_at", "finished_at",
        "lines", "created", "updated", "unchanged", "rejected", "warning_counts", "error_counts",
    )  # fmt: skip
    list_display = ("filename", "command", "state_label", "started_at", "created", "updated", "unchanged", "rejected")
    list_filter = (StateFilter,)
    search_fields = ("filename",)

    @display(description="State", label={"finished": "success", "unfinished": "warning"})
    def state_label(self, run: ImportRun) -> str:
        """Whether the run reached the end of its file."""
        return "finished" if run.finished_at else "unfinished"

    @display(description="Warnings")
    def warning_counts(self, run: ImportRun) -> str:
        """The warnings by code, with the first lines of each."""
        return "; ".join(kinds_of("", occurrences_of(run.warnings))) or "none"

    @display(description="Errors")
    def error_counts(self, run: ImportRun) -> str:
        """The errors of rejected rows by code, with the first lines of each."""
        return "; ".join(kinds_of("", occurrences_of(run.errors))) or "none"
