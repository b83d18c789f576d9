"""Pages of an uploaded file: its columns, its preview, and the buttons that import or discard it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext

from loyalty_project.imports.results import kinds_of
from organizations.back_office.base import ReadOnlyAdmin, rendered
from organizations.back_office.columns import actor_column, state_display, value_column
from organizations.back_office.current_user import actor_of, organization_of, own_stores
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of, permission_check, row_view
from organizations.back_office.tables import number, table
from organizations.imports.admin.forms import ColumnsForm, column_title, needed_columns
from organizations.imports.checking import first_rejects
from organizations.imports.files import preview_path, read_progress
from organizations.imports.kinds import IMPORT_PERMISSION, kind_of, kind_title, may_import
from organizations.imports.models import UploadedFile
from organizations.imports.running import start_import
from organizations.imports.runs import occurrences_of
from organizations.imports.uploads import WAITING, UploadRefusedError, discard_file
from organizations.staff.reach import OutOfReachError

State = UploadedFile.State


@admin.register(UploadedFile)
class UploadedFileAdmin(ReadOnlyAdmin):
    """Files that staff uploaded. They are seen by who may import files of their kind."""

    fields = ()
    list_display = ("filename", "kind_label", "state_label", "uploaded_at", "uploaded_by_label")
    phone_lines = (("filename", "state_label"), ("kind_label", "uploaded_by_label", "uploaded_at"))
    change_form_outer_before_template = "back_office/uploaded_file.html"  # type: ignore[assignment]  # see the base class

    kind_label = value_column("command", "What", kind_title)
    uploaded_by_label = actor_column("uploaded_by")
    _may_import_files = staticmethod(permission_check(IMPORT_PERMISSION))

    @state_display("State", {"checked": "info", "imported": "success", "cannot be imported": "danger"})
    def state_label(self, uploaded: UploadedFile) -> str:
        """Where the file is on its way."""
        return str(uploaded.get_state_display())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """True for staff who may import files, of the kind of `obj`."""
        if own_stores(request) or not self._may_import_files(None, request):
            return False
        kind = kind_of(obj.command) if isinstance(obj, UploadedFile) else None
        return kind is None or bool(request.user.has_perm(kind.permission))

    has_import_permission = has_view_permission

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows if organization_of(request) is None else rows.select_related("run")

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        name = "organizations_uploadedfile"
        return [
            path("<int:object_id>/columns/", page(self.columns_view), name=f"{name}_columns"),
            path("<int:object_id>/progress/", page(self.progress_view), name=f"{name}_progress"),
            path("<int:object_id>/start/", page(self.start_view), name=f"{name}_start"),
            path("<int:object_id>/discard/", page(self.discard_view), name=f"{name}_discard"),
            path("<int:object_id>/rejected.csv", page(self.rejected_view), name=f"{name}_rejected"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(_file_context(context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    @row_view("import")
    def columns_view(self, request: HttpRequest, uploaded: UploadedFile) -> HttpResponse:
        """The page that chooses a column of ours for each column of the file."""
        kind = kind_of(uploaded.command)
        if kind is None or uploaded.state not in WAITING or uploaded.removed_at is not None:
            return HttpResponseRedirect(page_of(uploaded))
        by = actor_of(request, self.organization_behind(uploaded))
        if not may_import(kind, by):
            raise OutOfReachError
        form = ColumnsForm(request.POST or None, uploaded=uploaded, kind=kind, by=by)
        if form.run():
            return HttpResponseRedirect(page_of(uploaded))
        return self.answer_page(
            request,
            "back_office/import_columns.html",
            title=gettext("Columns of %(filename)s") % {"filename": uploaded.filename},
            original=uploaded,
            form=form,
            submit=gettext("Check the file"),
            needed=needed_columns(form.expected),
            is_nothing_known=not any(uploaded.mapped),
        )

    @row_view("import")
    def progress_view(self, request: HttpRequest, uploaded: UploadedFile) -> HttpResponse:
        """The state of the file as a fragment of its page."""
        context = _file_context(uploaded)
        return rendered(TemplateResponse(request, "back_office/_uploaded_file.html", {"original": uploaded, **context}))

    @row_view("import")
    def start_view(self, request: HttpRequest, uploaded: UploadedFile) -> HttpResponse:
        """Start the import, and lead to its page."""
        if request.method != "POST":
            return HttpResponseRedirect(page_of(uploaded))
        try:
            run = start_import(uploaded.pk, by=actor_of(request, self.organization_behind(uploaded)))
        except UploadRefusedError as refusal:
            messages.warning(request, str(refusal))
            return HttpResponseRedirect(page_of(uploaded))
        return HttpResponseRedirect(page_of(run))

    @row_view("import")
    def discard_view(self, request: HttpRequest, uploaded: UploadedFile) -> HttpResponse:
        """Discard the file, and lead to the list of imports."""
        if request.method != "POST":
            return HttpResponseRedirect(page_of(uploaded))
        try:
            discard_file(uploaded.pk, by=actor_of(request, self.organization_behind(uploaded)))
        except UploadRefusedError as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, gettext("%(filename)s was discarded.") % {"filename": uploaded.filename})
        return HttpResponseRedirect(reverse("admin:organizations_importrun_changelist"))

    @row_view("import")
    def rejected_view(self, request: HttpRequest, uploaded: UploadedFile) -> HttpResponse:
        """The rows that the check refused, as CSV: they can be corrected and uploaded as they are."""
        answer = csv_file(preview_path(uploaded), f"refused-{uploaded.pk}.csv")
        if answer is None:
            messages.warning(request, gettext("There is no file of refused rows."))
            return HttpResponseRedirect(page_of(uploaded))
        return answer


def csv_file(file: Any, name: str) -> HttpResponse | None:
    """A file of ours as a download; None if it is not there."""
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        return None
    answer: Any = FileResponse(stream, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
    answer.headers["Cache-Control"] = "no-store"
    response: HttpResponse = answer
    return response


def percentage(done: int, size: int) -> int:
    """How much of a file is done, in percent."""
    return min(100, 100 * done // size) if size else 100


def _file_context(uploaded: UploadedFile) -> dict[str, Any]:
    progress = read_progress(uploaded) if uploaded.state == State.CHECKING else {}
    is_checked = uploaded.state == State.CHECKED
    return {
        "kind": kind_title(uploaded.command),
        "uploaded_by": actor_label(uploaded.uploaded_by),
        "progress": progress,
        "percent": percentage(int(progress.get("offset", 0)), uploaded.size),
        "is_waiting": uploaded.state in WAITING and uploaded.removed_at is None,
        "rejects": _rejects_table(uploaded) if is_checked and uploaded.rejected else None,
        "warning_kinds": kinds_of("", occurrences_of(uploaded.warnings)) if is_checked else [],
        "columns": _columns_table(uploaded),
        "brings": uploaded.created + uploaded.updated,
    }


def _rejects_table(uploaded: UploadedFile) -> Any:
    names = {column: name for column, name in zip(uploaded.mapped, uploaded.columns, strict=True) if column}
    rows: Sequence[Any] = [
        (names.get(cell.column, "the whole row"), cell.line, cell.sentence) for cell in first_rejects(uploaded)
    ]
    return table(
        "First refused rows of each column",
        ("Column", number("Line"), "What is wrong"),
        rows,
        link=reverse("admin:organizations_uploadedfile_rejected", args=[uploaded.pk]),
        link_text="Download all refused rows",
    )


def _columns_table(uploaded: UploadedFile) -> Any:
    pairs = zip(uploaded.columns, uploaded.mapped, strict=True)
    rows = [(name or gettext("no name"), column_title(column) if column else gettext("left out")) for name, column in pairs]
    return table("Columns", ("In the file", "Read as"), rows)
