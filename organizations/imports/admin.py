"""Which files were imported, and what became of their rows?"""

from django.contrib import admin
from unfold.decorators import display

from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.history import value_label
from organizations.imports.models import ImportRun


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Import runs, to look at: the import commands start and continue them."""

    fields = (
        "command", "filename", "state", "started_at", "finished_at",
        "lines", "created", "updated", "unchanged", "rejected", "told",
    )  # fmt: skip
    list_display = ("filename", "command", "state", "started_at", "created", "updated", "unchanged", "rejected")
    search_fields = ("filename",)

    @display(description="State", label={"finished": "success", "unfinished": "warning"})
    def state(self, run: ImportRun) -> str:
        """Whether it came to the end of its file."""
        return "finished" if run.finished_at else "unfinished"

    @display(description="Warnings")
    def told(self, run: ImportRun) -> str:
        """How often each warning was given."""
        return ", ".join(f"{code}: {value_label(count)}" for code, count in run.warnings.items())
