"""Runs that generate codes for printing: how far they are, and the file for the printer."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext
from unfold.decorators import display

from engagement.coupons.generation import codes_of
from engagement.coupons.models import CodeRun
from loyalty_project.translation import format_number
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import actor_column, link_column, state_display, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.pages import permission_check, row_page

_COLUMNS = ("code", "series", "valid_till")


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


@admin.register(CodeRun)
class CodeRunAdmin(ReadOnlyAdmin):
    """Runs, read-only: they are asked for on the page of a series."""

    related = ("series",)
    fields = ("series_link", "state_label", "progress", "problem", "requested_at", "requested_by_label", "finished_at")
    list_display = ("label", "state_label", "progress", "requested_at", "requested_by_label")
    actions_detail: Sequence[str] = ("download",)  # type: ignore[assignment]  # see the base class

    has_generate_permission = permission_check("engagement.generate_codes")

    label = value_column("pk", "Run", "{:,}".format)
    series_link = link_column("series", "Series")
    requested_by_label = actor_column("requested_by")

    @state_display("State", {"done": "success", "running": "info", "ended early": "danger"})
    def state_label(self, run: CodeRun) -> str:
        """Running, done, or ended early."""
        if run.finished_at is None:
            return "running"
        return "ended early" if run.problem else "done"

    @display(description="Codes")
    def progress(self, run: CodeRun) -> str:
        """How many codes are made."""
        return gettext("%(made)s of %(wanted)s (%(percent)s %%)") % {
            "made": format_number(run.made),
            "wanted": format_number(run.wanted),
            "percent": 100 * run.made // run.wanted,
        }

    @row_page("Download codes", address="download", icon="download", permission="generate")
    def download(self, request: HttpRequest, run: CodeRun) -> HttpResponse:
        """The codes that are made, as CSV for a printer."""
        rows = codes_of(run, by=actor_of(request, self.organization_behind(run)))
        answer: Any = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="codes-{run.pk}.csv"'
        answer.headers["Cache-Control"] = "no-store"
        response: HttpResponse = answer
        return response


def _lines(rows: Iterator[Sequence[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(_COLUMNS)
    for row in rows:
        yield writer.writerow(row)
