"""The page that exports a list: the rows of its filters, for roles that export lists, and noted in the audit."""

from typing import ClassVar, Final

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext

from loyalty_project.db.timeouts import TookTooLongError
from loyalty_project.translation import format_number
from organizations.audit.services import Change, record_changes
from organizations.back_office.base import REFUSED_ADDRESS, BackOfficeAdmin
from organizations.back_office.current_user import actor_of, member_of, organization_of, work_for
from organizations.back_office.list_export import MOST_ROWS, ListResource
from organizations.back_office.list_page import TOO_SLOW, ListPage
from organizations.back_office.parameters import admitted_parameters
from organizations.tenancy.models import Organization

EXPORT_PERMISSION: Final = "organizations.export_lists"
FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportedList(BackOfficeAdmin):
    """The base of lists that can be exported. `resource` has the columns."""

    resource: ClassVar[type[ListResource]]

    def get_urls(self) -> list[URLPattern]:
        page = path("export-list/", self.admin_site.admin_view(self.export_list_view), name=self._export_name)
        return [page, *super().get_urls()]

    @property
    def _export_name(self) -> str:
        return f"{self.model._meta.app_label}_{self.model._meta.model_name}_export_list"

    def export_address(self, request: HttpRequest) -> str:
        """The address of the page that exports the list; "" for users who may not."""
        return reverse(f"admin:{self._export_name}") if member_of(request).has_perm(EXPORT_PERMISSION) else ""

    def export_list_view(self, request: HttpRequest) -> HttpResponse:
        """Show what would be exported; with POST, the file."""
        if not (self.has_view_or_change_permission(request) and member_of(request).has_perm(EXPORT_PERMISSION)):
            raise PermissionDenied
        try:
            request.GET = admitted_parameters(request.GET, self.list_parameters(request))  # type: ignore[assignment]
        except IncorrectLookupParameters:
            messages.warning(request, REFUSED_ADDRESS)
            return HttpResponseRedirect(self._list_address)
        organization = organization_of(request) or _chosen_organization(request)
        if organization is None:
            messages.warning(request, gettext("Choose an organization in the filters first: a file has the rows of one."))
            return HttpResponseRedirect(self._list_address)
        with work_for(request, organization):
            return self._answer_export(request, organization)

    def _answer_export(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        page: ListPage = self.get_changelist_instance(request)  # type: ignore[assignment]  # see `get_changelist`
        address = f"{self._list_address}{page.get_query_string()}"
        resource = self.resource(request, self.complete_rows)
        chosen = request.POST.get("format", "")
        may_export = not page.is_cut_off and bool(page.result_list)
        if request.method == "POST" and chosen in FORMATS and may_export:
            try:
                return self._file(request, page, resource, chosen, organization)
            except TookTooLongError:
                messages.warning(request, TOO_SLOW)
        return self.answer_page(
            request,
            "back_office/export_list.html",
            title=gettext("Export %(verbose_name_plural)s") % {"verbose_name_plural": self.model._meta.verbose_name_plural},
            cl=page,
            titles=resource.titles,
            most=format_number(MOST_ROWS),
            may_export=may_export,
            back=address,
        )

    def _file(
        self, request: HttpRequest, page: ListPage, resource: ListResource, chosen: str, organization: Organization
    ) -> HttpResponse:
        content, rows = resource.as_file(page.queryset, chosen)
        filters = {name: value for name, value in page.narrowing.items() if name != SEARCH_VAR}
        exported = Change(
            action="exported",
            object_type="organization",
            object_id=organization.pk,
            new={
                "list": self.model._meta.label_lower,
                "format": chosen,
                "rows": rows,
                "columns": resource.titles,
                "filters": filters,
                # Its text may name a person.
                "searched": SEARCH_VAR in page.narrowing,
            },
        )
        record_changes([exported], by=actor_of(request, organization))
        name = f"{self.model._meta.verbose_name_plural}-{timezone.localdate().isoformat()}.{chosen}".replace(" ", "-")
        answer = HttpResponse(content, content_type=FORMATS[chosen])
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @property
    def _list_address(self) -> str:
        return reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_changelist")


def _chosen_organization(request: HttpRequest) -> Organization | None:
    """The organization by which an operator filters the list."""
    chosen = request.GET.get("organization")
    return Organization.objects.filter(pk=int(chosen)).first() if chosen else None
