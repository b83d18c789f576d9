"""Which files were imported, and what became of their rows?"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.history import tell_value
from organizations.models import ImportRun


@admin.register(ImportRun)
class ImportRunAdmin(BackOfficeAdmin):
    """Import runs, to look at: the import commands start and continue them."""

    fields = (
        "command", "filename", "state", "started_at", "finished_at",
        "lines", "created", "updated", "unchanged", "rejected", "told",
    )  # fmt: skip
    list_display = ("filename", "command", "state", "started_at", "created", "updated", "unchanged", "rejected")
    search_fields = ("filename",)
    sortable_by = ()
    actions = ()

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    @display(description="State", label={"finished": "success", "unfinished": "warning"})
    def state(self, run: ImportRun) -> str:
        """Whether it came to the end of its file."""
        return "finished" if run.finished_at else "unfinished"

    @display(description="Warnings")
    def told(self, run: ImportRun) -> str:
        """How often each warning was given."""
        return ", ".join(f"{code}: {tell_value(count)}" for code, count in run.warnings.items())
