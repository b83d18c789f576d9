"""Pages that begin an import: the kinds of files, the sample of a kind, and the upload."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from unfold.decorators import action

from loyalty_project.upload_tickets import MAX_FILE_BYTES, PARAMETER, is_ticket, make_ticket
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import link_to
from organizations.back_office.current_user import actor_of, work_for
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of, permission_check
from organizations.back_office.tables import Table, table, with_note
from organizations.imports.admin.forms import UploadForm, needed_columns
from organizations.imports.kinds import (
    IMPORT_PERMISSION,
    ImportKind,
    columns_of,
    import_kinds,
    kind_title,
    kinds_for,
    may_import,
)
from organizations.imports.models import UploadedFile
from organizations.imports.samples import sample_file
from organizations.imports.upload_handler import is_too_large
from organizations.imports.uploads import WAITING
from organizations.tenancy.models import Organization

_TOO_LARGE = f"The file is larger than {MAX_FILE_BYTES >> 20} MB. Divide it into smaller files, or pack it as .gz."
_TOO_LATE = gettext_noop("This page was open for too long. Choose the file again.")


_list_page: Any = action(description="Import a file", url_path="new", icon="upload_file", permissions=["import"])


class NewImportPages(ReadOnlyAdmin):
    """The pages *Import a file*. Operators choose the organization first."""

    actions_list: Sequence[str] = ("new_import",)  # type: ignore[assignment]  # as those of the base class

    has_import_permission = permission_check(IMPORT_PERMISSION)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        return [
            path("new/<slug:slug>/", page(self.upload_view), name="organizations_importrun_upload"),
            path("new/<slug:slug>/sample.csv", page(self.sample_view), name="organizations_importrun_sample"),
            *super().get_urls(),
        ]

    @_list_page  # type: ignore[untyped-decorator]  # Unfold's own type is not callable
    def new_import(self, request: HttpRequest) -> HttpResponse:
        """The kinds of files that the current user may import, and the files that wait."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        organization = self.organization_for(request, None)
        if organization is None:
            return self.answer_choice(request)
        with work_for(request, organization):
            kinds = kinds_for(actor_of(request, organization))
            return self.answer_page(
                request,
                "back_office/new_import.html",
                title=gettext("Import a file"),
                kinds=[(kind, *_addresses(kind, request, organization)) for kind in kinds],
                waiting=_waiting_table(kinds),
            )

    def upload_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The page that uploads a file of one kind."""
        kind, organization = self._kind_and_organization(request, slug)
        if organization is None:
            return self.answer_choice(request)
        with work_for(request, organization):
            by = actor_of(request, organization)
            if not may_import(kind, by):
                raise PermissionDenied
            problem = ""
            sent: tuple[Any, ...] = ()
            if request.method == "POST":
                # Read first: the handler of the file notes whether it was too large.
                sent = (request.POST, request.FILES)
                late = not is_ticket(request.GET.get(PARAMETER, ""))
                problem = _TOO_LARGE if is_too_large(request) else _TOO_LATE if late else ""
            form = UploadForm(*sent, kind=kind, by=by, problem=problem)
            if form.run():
                return HttpResponseRedirect(reverse("admin:organizations_uploadedfile_columns", args=[form.stored.pk]))
            _, sample = _addresses(kind, request, organization)
            return self.answer_page(
                request,
                "back_office/upload.html",
                title=gettext("Import: %(title)s") % {"title": kind.title},
                kind=kind,
                form=form,
                submit=gettext("Upload"),
                back=_with_organization(reverse("admin:organizations_importrun_new_import"), request, organization),
                address=f"?{PARAMETER}={make_ticket()}{_suffix(request, organization, '&')}",
                sample=sample,
                needed=needed_columns(columns_of(kind, by)),
            )

    def sample_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """A small file of one kind."""
        kind, organization = self._kind_and_organization(request, slug)
        if organization is None:
            return self.answer_choice(request)
        with work_for(request, organization):
            by = actor_of(request, organization)
            if not may_import(kind, by):
                raise PermissionDenied
            answer = HttpResponse(sample_file(columns_of(kind, by)), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="sample-{kind.slug}.csv"'
        return answer

    def _kind_and_organization(self, request: HttpRequest, slug: str) -> tuple[ImportKind, Organization | None]:
        kind = import_kinds().get(slug)
        if not self.has_import_permission(request):
            raise PermissionDenied
        if kind is None:
            raise Http404
        return kind, self.organization_for(request, None)


def _addresses(kind: ImportKind, request: HttpRequest, organization: Organization) -> tuple[str, str]:
    """The addresses of the upload and of the sample."""
    names = ("admin:organizations_importrun_upload", "admin:organizations_importrun_sample")
    upload, sample = (_with_organization(reverse(name, args=[kind.slug]), request, organization) for name in names)
    return upload, sample


def _with_organization(address: str, request: HttpRequest, organization: Organization) -> str:
    return f"{address}{_suffix(request, organization, '?')}"


def _suffix(request: HttpRequest, organization: Organization, joint: str) -> str:
    """What an operator's address needs: the organization that was chosen."""
    return f"{joint}organization={organization.code}" if request.GET.get("organization") else ""


def _waiting_table(kinds: list[ImportKind]) -> Table:
    files = UploadedFile.objects.filter(state__in=WAITING, command__in=[kind.name for kind in kinds])
    rows: list[tuple[Any, ...]] = [
        (
            with_note(link_to(uploaded), kind_title(uploaded.command)),
            uploaded.get_state_display(),
            uploaded.uploaded_at,
            actor_label(uploaded.uploaded_by),
            format_html('<a class="bo-link" href="{}">{}</a>', page_of(uploaded), gettext("Go on")),
        )
        for uploaded in files
    ]
    return table("Files that wait", ("File", "State", "Uploaded", "By", ""), rows)
