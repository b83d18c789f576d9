"""Base classes of all admin pages: rows of one organization, audited changes, no deletion."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Field, IntegerField, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from organizations.audit.models import AuditEntry
from organizations.audit.services import record_changes
from organizations.back_office.bulk import confirmation_page
from organizations.back_office.checks import BackOfficeChecks
from organizations.back_office.columns import boolean_column
from organizations.back_office.current_user import actor_of, in_own_stores, member_of, organization_of, work_for
from organizations.back_office.filters import OrganizationFilter, declared_parameters
from organizations.back_office.forms import ConfigurationForm, WholeNumberField
from organizations.back_office.history import field_names, history_rows
from organizations.back_office.list_page import ListPage
from organizations.back_office.pages import page_of
from organizations.back_office.parameters import (
    Shape,
    admitted_parameters,
    is_row_id,
    is_search_text,
    list_parameters,
)
from organizations.back_office.presets import Preset
from organizations.back_office.row_changes import change_between, describe_value
from organizations.back_office.saved_views import answers_views, change_views
from organizations.back_office.tables import table
from organizations.tenancy.models import Organization

REFUSED_ADDRESS: Final = gettext_noop(
    "The address asks for a filter, an order or a page that this list does not have, or for a value of another form"
    " (days are written as YYYY-MM-DD). Nothing is shown."
)
# xregexp.js alone is larger than a page.
_UNUSED_SCRIPTS: Final = ("admin/js/urlify", "admin/js/prepopulate", "admin/js/vendor/xregexp/")
_SHOWS_NOTHING: Final = "_list_shows_nothing"


def rendered(response: HttpResponse) -> HttpResponse:
    """The response with its template rendered now, inside the current scope."""
    return response.render() if isinstance(response, TemplateResponse) else response


class BackOfficeAdmin(ModelAdmin):
    """The base of every admin class.

    Rows are those of the organization (`back_office.middleware`); for staff limited to stores, those of their stores.
    `store_path` leads from a row to its store, "" if rows have none. `natural_key` cannot be changed after a row is added.
    `related` rows are read with the rows. A saved change writes its AuditEntry in the same transaction. Nothing can be deleted.
    `has_history` is False for rows that are written once: their page has no button to a history that would be empty.
    `presets` are links above the list, beside `unfiltered_label`; `empty_text` is shown if the list has no rows at all.
    `phone_lines` are the columns of the two lines of a row on a narrow screen, where the others are not shown; on each line a
    column that is not the last one gives way if there is not enough room. Without them all columns are shown below each other.
    `order_words` are the words for rising and falling order of a column, by default from A to Z and back.
    """

    checks_class = BackOfficeChecks
    form: Any = ConfigurationForm
    store_path: ClassVar[str] = ""
    natural_key: ClassVar[Sequence[str]] = ()
    related: ClassVar[Sequence[str]] = ()
    has_history: ClassVar[bool] = True
    presets: ClassVar[Sequence[Preset]] = ()
    unfiltered_label: ClassVar[str] = "All"
    order_words: ClassVar[Mapping[str, tuple[str, str]]] = {}
    empty_text: ClassVar[str] = ""
    phone_lines: ClassVar[tuple[Sequence[str], Sequence[str]] | None] = None

    compressed_fields = True
    warn_unsaved_form = True
    list_filter_submit = True
    list_fullwidth = True
    list_before_template = "back_office/list_above.html"  # type: ignore[assignment]  # see below
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER
    save_as = False
    actions: Sequence[str] = ("activate", "deactivate")
    # Those that change the selected rows, after a page that says how many these are.
    confirmed_actions: ClassVar[Sequence[str]] = ("activate", "deactivate")
    # Unfold's defaults have narrower types than what it takes.
    actions_detail: Sequence[str] = ()  # type: ignore[assignment]
    change_form_outer_before_template: str | None = None  # type: ignore[assignment]
    change_form_outer_after_template: str | None = None  # type: ignore[assignment]

    @property
    def media(self) -> forms.Media:
        """The scripts and styles of Django and Unfold, without those that fill fields by others: no form has such fields."""
        media: Any = super().media
        return forms.Media(css=media._css, js=[script for script in media._js if not str(script).startswith(_UNUSED_SCRIPTS)])

    # --- rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of an address, if the current user may see it; None for an id that is not in plain digits."""
        return super().get_object(request, object_id, from_field) if is_row_id(str(object_id)) else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if getattr(request, _SHOWS_NOTHING, False):
            rows = rows.none()
        related = list(self.related)
        if member_of(request).is_superuser and self._has_organization:
            related.append("organization")
        if related:
            rows = rows.select_related(*related)
        return in_own_stores(rows, request, self.store_path) if self.store_path else rows

    @property
    def _has_organization(self) -> bool:
        return any(field.name == "organization" for field in self.model._meta.concrete_fields)

    def organization_behind(self, row: Any) -> Organization:
        """The organization of a row."""
        organization: Organization = row.organization
        return organization

    def organization_for(self, request: HttpRequest, object_id: str | None) -> Organization | None:
        """The organization of a page: the current user's; for operators that of the row, or the one chosen for a new row."""
        own = member_of(request).organization
        if own is not None:
            return own
        if object_id is not None:
            row = self.get_object(request, unquote(object_id))
            return None if row is None else self.organization_behind(row)
        code = request.GET.get("organization", "")
        return Organization.objects.filter(code=code).first() if is_search_text(code) else None

    @contextmanager
    def row_scope(self, request: HttpRequest, row: Any, permission: str) -> Iterator[None]:
        """Work in the scope of the row's organization. PermissionDenied without `permission` (see `pages.row_view`)."""
        with work_for(request, self.organization_behind(row)):
            if "." in permission:
                is_allowed = member_of(request).has_perm(permission)
            else:
                is_allowed = getattr(self, f"has_{permission}_permission")(request, row)
            if not is_allowed:
                raise PermissionDenied
            yield

    # --- pages

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        organization = self.organization_for(request, object_id)
        if organization is not None:
            with work_for(request, organization):
                return rendered(super().changeform_view(request, object_id, form_url, extra_context))
        if object_id is None and self.has_add_permission(request):
            return self.answer_choice(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context["show_history"] = context.get("show_history") and self.has_history
        return super().render_change_form(request, context, *args, **kwargs)

    def answer_page(
        self, request: HttpRequest, template: str, *, title: str, original: Any = None, back: str = "", **context: Any
    ) -> HttpResponse:
        """A custom page, rendered in the scope of the caller.

        `original` is the row that the page is about, `back` the address of *Cancel*: by default the row's page.
        """
        shared = {**self.admin_site.each_context(request), "opts": self.model._meta, "title": title}
        back = back or ("" if original is None else page_of(original))
        return rendered(TemplateResponse(request, template, {**shared, "original": original, "back": back, **context}))

    def answer_choice(self, request: HttpRequest) -> HttpResponse:
        """Ask an operator for the organization of the new row."""
        title = gettext("Add %(verbose_name)s") % {"verbose_name": self.model._meta.verbose_name}
        rows = [
            (
                format_html('<a class="bo-link" href="?organization={}">{}</a>', organization.code, organization),
                organization.code,
            )
            for organization in Organization.objects.all()
        ]
        choices = table("For which organization?", ("Organization", "Code"), rows, empty="There are no organizations yet.")
        return self.answer_page(request, "back_office/table_page.html", title=title, table=choices)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The audit of one row, newest first."""
        organization = self.organization_for(request, object_id)
        row = self.get_object(request, unquote(object_id))
        if row is None or organization is None:
            return self.answer_unknown(request, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        with work_for(request, organization):
            page = Paginator(self.history_of(row), 50).get_page(request.GET.get("p"))
            return self.answer_page(
                request,
                "back_office/history.html",
                title=gettext("History: %(row)s") % {"row": row},
                original=row,
                object=row,
                page=page,
                history=history_rows(self.readable_entries(page.object_list), field_names()),
                **(extra_context or {}),
            )

    def history_of(self, row: Any) -> QuerySet[AuditEntry]:
        """The audit entries about `row`, newest first."""
        return AuditEntry.objects.filter(object_type=self.model._meta.model_name, object_id=row.pk).order_by("-id")

    def readable_entries(self, entries: Iterable[AuditEntry]) -> list[AuditEntry]:
        """The entries of a history as the current user may read them."""
        return list(entries)

    # --- lists

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, or an action on selected rows. An address of another form leads to the list without rows (`?e=1`)."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        is_refused = ERROR_FLAG in request.GET
        try:
            # Without the flag: Django would answer another odd address with a page about a broken database.
            request.GET = admitted_parameters(request.GET, self.list_parameters(request))  # type: ignore[assignment]
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        if self.presets and answers_views(request):
            page: Any = self.get_changelist_instance(request)
            return change_views(request, page)
        if is_refused and request.method == "GET":
            messages.warning(request, REFUSED_ADDRESS)
            setattr(request, _SHOWS_NOTHING, True)
        return super().changelist_view(request, extra_context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ARG002 - Django's signature
        return ListPage

    def complete_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Read what the rows of a page of the list show beside their own columns, in a number of queries that is fixed."""

    def export_address(self, request: HttpRequest) -> str:  # noqa: ARG002 - for subclasses
        """The address of the page that exports the list: none here (see `list_exports`)."""
        return ""

    def list_parameters(self, request: HttpRequest) -> dict[str, Shape]:
        """The parameters that the address of this list may have, with the form of each."""
        filters = declared_parameters(self.get_list_filter(request), self.model)
        return list_parameters(filters, sortable=partial(self._sortable_columns, request))

    def _sortable_columns(self, request: HttpRequest) -> set[int]:
        """The numbers of the columns by which the list may be ordered. The boxes of actions are a column as well."""
        first = 1 if self.get_actions(request) else 0
        sortable = set(self.get_sortable_by(request))
        return {number for number, column in enumerate(self.get_list_display(request), first) if column in sortable}

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """True for declared parameters alone: Django would admit every field of the model, secrets included."""
        return request is not None and lookup in self.list_parameters(request)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:  # type: ignore[override]  # newer stubs
        """Run an action on the selected rows of the list, or ask before it changes them."""
        if not all(map(is_row_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            messages.warning(request, gettext("The selection does not consist of rows of this list. Nothing was changed."))
            return None
        if (confirmation := confirmation_page(self, request, queryset)) is not None:
            return confirmation
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        shows = member_of(request).is_superuser and self._has_organization
        return [*columns, "organization"] if shows else columns

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = super().get_list_filter(request)
        shows = member_of(request).is_superuser and self._has_organization
        return [OrganizationFilter, *filters] if shows else filters

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if any(field.name == "is_active" for field in self.model._meta.concrete_fields):
            return actions
        return {name: action for name, action in actions.items() if name not in {"activate", "deactivate"}}

    active = boolean_column("is_active", "Active")

    @admin.action(description="Switch on", permissions=["change"])
    def activate(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Switch the selected rows on."""
        self._switch(request, rows, active=True)

    @admin.action(description="Switch off", permissions=["change"])
    def deactivate(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Switch the selected rows off."""
        self._switch(request, rows, active=False)

    def _switch(self, request: HttpRequest, rows: QuerySet[Any], *, active: bool) -> None:
        count = 0
        with transaction.atomic():
            for row in rows.exclude(is_active=active):
                before = describe_value(row)
                row.is_active = active
                row.save(update_fields=["is_active"])
                self._record(request, row, before)
                count += 1
        messages.success(
            request,
            gettext("Switched on: %(count)s.") % {"count": count}
            if active
            else gettext("Switched off: %(count)s.") % {"count": count},
        )

    # --- changes

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.organization = organization_of(request)
        return form

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, IntegerField):
            kwargs["form_class"] = WholeNumberField
        formfield: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield is not None and db_field.name.startswith("is_"):
            formfield.label = db_field.name.removeprefix("is_").capitalize()
        # Related rows are added on their own pages, which check everything: no pop-ups.
        if formfield is not None and isinstance(formfield.widget, RelatedFieldWidgetWrapper):
            formfield.widget = formfield.widget.widget
        return formfield

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else [*fields, *self.natural_key]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        form.values_before = describe_value(self.model._default_manager.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        self._record(request, form.instance, form.values_before)

    def _record(self, request: HttpRequest, row: Any, before: dict[str, Any] | None) -> None:
        change = change_between(row, before)
        if change is not None:
            record_changes([change], by=actor_of(request, self.organization_behind(row)))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Do nothing: the audit is the only history."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Do nothing: the audit is the only history."""

    def answer_unknown(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Redirect to the start page: the row does not exist, or the current user may not see it."""
        messages.warning(
            request,
            gettext("%(verbose_name)s %(object_id)s was not found.")
            % {"verbose_name": capfirst(self.model._meta.verbose_name), "object_id": unquote(object_id)},
        )
        return HttpResponseRedirect(reverse("admin:index"))


class ReadOnlyAdmin(BackOfficeAdmin):
    """The base of pages that only show: nothing is added or changed by hand.

    Without `fields`, the page of a row consists of its templates alone.
    """

    # A list shows fifty of possibly millions of rows and does not count the rest.
    paginator = InfinitePaginator
    show_full_result_count = False
    sortable_by: ClassVar[Any] = ()
    actions: Sequence[str] = ()

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """The columns whose order an index gives: of one organization, so not for operators, who see several."""
        return super().get_sortable_by(request) if organization_of(request) else ()

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if self.fields else []
