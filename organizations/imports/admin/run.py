"""Import runs: imported files, the results of their rows, and for runs of the back office stopping and continuing."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop

from loyalty_project.imports.results import kinds_of
from loyalty_project.translation import format_number
from organizations.audit.actors import Actor
from organizations.back_office.base import rendered
from organizations.back_office.columns import actor_column, state_display, value_column
from organizations.back_office.current_user import actor_of, own_stores
from organizations.back_office.filters import NamedFilter, Rows
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of, row_view
from organizations.back_office.tables import Table, number, table
from organizations.imports.admin.new import NewImportPages
from organizations.imports.admin.uploaded_file import csv_file, percentage
from organizations.imports.files import rejected_path
from organizations.imports.kinds import IMPORT_PERMISSION, kind_of, kind_title
from organizations.imports.models import ImportRun
from organizations.imports.running import continue_import, file_of, stop_import
from organizations.imports.runs import MOST_UNDONE, occurrences_of
from organizations.imports.troubled import troubled
from organizations.imports.uploads import UploadRefusedError
from use_cases.import_traces import MOST_SHOWN
from use_cases.undoing_imports import UndoPlan, UndoRefusedError, plan_undo, undo_import


class StateFilter(NamedFilter):
    """Imports that need attention, and those that have not finished."""

    title = parameter_name = "state"
    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]] = {
        "troubled": ("failed: stopped, or rows rejected in the last week", troubled),
        "unfinished": ("unfinished", lambda rows: rows.filter(finished_at=None)),
    }


_STATES = {"finished": "success", "under way": "info", "stopped": "warning", "unfinished": "warning", "undone": "danger"}


@admin.register(ImportRun)
class ImportRunAdmin(NewImportPages):
    """Import runs: started by commands, or by staff who uploaded a file."""

    related = ("file",)
    fields = ()
    list_display = (
        "filename", "kind_label", "state_label", "started_at", "started_by_label",
        "created_label", "updated_label", "unchanged_label", "rejected_label",
    )  # fmt: skip
    phone_lines = (("filename", "state_label"), ("kind_label", "started_by_label", "started_at"))
    list_filter = (StateFilter,)
    search_fields = ("filename",)
    change_form_outer_before_template = "back_office/import_run.html"  # type: ignore[assignment]  # see the base class

    kind_label = value_column("command", "What", kind_title)
    started_by_label = actor_column("started_by")
    created_label, updated_label, unchanged_label, rejected_label = (
        value_column(field, title, format_number)
        for field, title in (("created", "New"), ("updated", "Changed"), ("unchanged", "Unchanged"), ("rejected", "Refused"))
    )

    def has_work_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """True for staff who may import files of the kind of this run."""
        kind = kind_of(obj.command) if isinstance(obj, ImportRun) else None
        permissions = [IMPORT_PERMISSION, *([kind.permission] if kind else [])]
        return not own_stores(request) and bool(request.user.has_perms(permissions))

    @state_display("State", _STATES)
    def state_label(self, run: ImportRun) -> str:
        """How far the run is."""
        return state_of(run)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        name = "organizations_importrun"
        return [
            path("<int:object_id>/progress/", page(self.progress_view), name=f"{name}_progress"),
            path("<int:object_id>/stop/", page(self.stop_view), name=f"{name}_stop"),
            path("<int:object_id>/continue/", page(self.continue_view), name=f"{name}_continue"),
            path("<int:object_id>/undo/", page(self.undo_view), name=f"{name}_undo"),
            path("<int:object_id>/rejected.csv", page(self.rejected_view), name=f"{name}_rejected"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(self._run_context(request, context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    def _run_context(self, request: HttpRequest, run: ImportRun) -> dict[str, Any]:
        uploaded = file_of(run)
        state = state_of(run)
        had_rejected = uploaded is not None and run.finished_at is not None and bool(run.rejected)
        has_file = had_rejected and rejected_path(run).exists()
        is_ours = uploaded is not None and self.has_work_permission(request, run)
        return {
            "state": state,
            "kind": kind_title(run.command),
            "percent": percentage(run.offset, uploaded.size) if uploaded and run.finished_at is None else 100,
            "may_stop": is_ours and state == gettext_noop("under way") and run.stop_requested_at is None,
            "may_continue": is_ours and state == "stopped" and uploaded is not None and uploaded.removed_at is None,
            "has_rejected": is_ours and has_file,
            "is_rejected_gone": had_rejected and not has_file,
            "rejected_days": settings.IMPORT_REJECTED_DAYS,
            "most_undone": MOST_UNDONE if state == "finished" and run.created > MOST_UNDONE else None,
            "may_undo": state == "finished" and self.has_work_permission(request, run),
            "started_by": actor_label(run.started_by),
            "undone_by": actor_label(run.undone_by),
            "warning_kinds": kinds_of("", occurrences_of(run.warnings)),
            "error_kinds": kinds_of("", occurrences_of(run.errors)),
            "is_gone": state == "stopped" and uploaded is not None and uploaded.removed_at is not None,
        }

    @row_view("view")
    def progress_view(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        """How far the run is, as a fragment of its page."""
        context = {"original": run, **self._run_context(request, run)}
        return rendered(TemplateResponse(request, "back_office/_import_run.html", context))

    @row_view("work")
    def stop_view(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        """Have the run stop after the batch under way."""
        return self._act(request, run, stop_import, gettext("The import stops after the rows that are being worked."))

    @row_view("work")
    def continue_view(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        """Continue the run."""
        return self._act(request, run, continue_import, gettext("The import goes on."))

    @row_view("work")
    def undo_view(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        """The page that takes back all that the run created, or says what stands in the way."""
        by = actor_of(request, self.organization_behind(run))
        form = UndoForm(request.POST or None, run=run, by=by)
        if form.run():
            messages.success(request, gettext("%(filename)s: the import was undone.") % {"filename": run.filename})
            return HttpResponseRedirect(page_of(run))
        plan = plan_undo(run, by=by)
        return self.answer_page(
            request,
            "back_office/undo_import.html",
            title=gettext("Undo an import"),
            original=run,
            plan=plan,
            obstacles=_obstacles_table(run, plan),
            form=form,
            submit=gettext("Undo the import"),
            button="danger",
        )

    def _act(self, request: HttpRequest, run: ImportRun, act: Any, done: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(page_of(run))
        try:
            act(run.pk, by=actor_of(request, self.organization_behind(run)))
        except UploadRefusedError as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(page_of(run))

    @row_view("work")
    def rejected_view(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        """The rows that the run refused, as CSV: they can be corrected and uploaded as they are."""
        answer = csv_file(rejected_path(run), f"refused-{run.pk}.csv")
        if answer is None:
            messages.warning(request, _no_file(run))
            return HttpResponseRedirect(page_of(run))
        return answer


def _no_file(run: ImportRun) -> str:
    """Why there is no file of refused rows."""
    if run.finished_at is None or not run.rejected:
        return gettext("There is no file of refused rows.")
    return gettext("The file of refused rows was removed: it is kept for %(import_rejected_days)s days.") % {
        "import_rejected_days": settings.IMPORT_REJECTED_DAYS
    }


class UndoForm(ActionForm):
    """The reason for undoing an import."""

    refusals = (UndoRefusedError,)

    reason = ReasonField(help_text="Kept with the import and in the history.")

    def __init__(self, *args: Any, run: ImportRun, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row, self.by = run, by

    def act(self) -> None:
        undo_import(self.row.pk, reason=self.cleaned_data["reason"], by=self.by)


def _obstacles_table(run: ImportRun, plan: UndoPlan) -> Table:
    page = _PAGES.get(run.command, "")
    rows = [
        (
            format_html('<a class="bo-link" href="{}">{}</a>', reverse(page, args=[found.record_id]), found.record_id),
            found.name,
            found.count,
        )
        for found in plan.obstacles
    ]
    footer = gettext("The first %(most_shown)s are shown.") % {"most_shown": MOST_SHOWN} if len(rows) == MOST_SHOWN else ""
    return table("What stands in the way", ("Record", "Touched by", number("How many")), rows, footer=footer)


# Pages of the records that runs create, by command.
_PAGES: Final = {
    "import_customers": "admin:customers_customer_change",
    "import_transactions": "admin:engagement_bill_change",
}


def state_of(run: ImportRun) -> str:
    """The state of a run in a word or two."""
    if run.undone_at is not None:
        return "undone"
    if run.finished_at is not None:
        return "finished"
    if file_of(run) is None:
        return "unfinished"
    return "stopped" if run.stop_requested_at is not None or run.problem else gettext_noop("under way")
