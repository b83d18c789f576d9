"""The audit: who changed what, when and from where."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from organizations.audit.models import AuditEntry
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import actor_column, source_column
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter
from organizations.back_office.history import change_rows, field_names, shown_context
from organizations.back_office.parameters import Shape, one_of

_ACTORS: Final = ("staff", "till", "client", "command")
_SHOWN: Final = 3


class ObjectTypeFilter(DropdownFilter):
    """By the kind of object."""

    title = "object"
    parameter_name = "object_type"

    @classmethod
    def parameters(cls, model: type[Model], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """A kind that has a page."""
        return {cls.parameter_name: one_of([str(kind._meta.model_name) for kind in admin.site._registry])}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        kinds = {str(model._meta.model_name): str(model._meta.verbose_name) for model in model_admin.admin_site._registry}
        return sorted(kinds.items(), key=lambda kind: kind[1].lower())

    def describe(self, given: Mapping[str, str]) -> str:
        """The name of the kind."""
        return str(dict(self.lookup_choices)[given["object_type"]])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:  # noqa: ARG002 - Django's signature
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The audit, read-only: the database refuses changes."""

    has_history = False

    fields = ("at", "actor_name", "source_label", "action", "object_link", "request_id", "context_text")
    list_display = ("at", "actor_name", "source_label", "action", "object_link")
    list_display_links = ("at",)
    list_filter = (ObjectTypeFilter, ("source", ChoiceFilter), ("at", DayRangeFilter))
    search_fields = ("object_id",)
    search_help_text = "Object id, actor or request id"
    ordering = ("-pk",)

    actor_name = actor_column("actor")
    source_label = source_column()

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """By object id if the term is a number, by request id if it is a UUID, else by the whole name of an actor."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdigit() and len(term) < 19:
            kinds = [str(model._meta.model_name) for model in self.admin_site._registry]
            return queryset.filter(object_type__in=kinds, object_id=int(term)), False
        if _is_uuid(term):
            return queryset.filter(request_id=term.lower()), False
        names = [term] if ":" in term else [f"{kind}:{term}" for kind in _ACTORS]
        return queryset.filter(actor__in=names), False

    @display(description="Context")
    def context_text(self, entry: AuditEntry) -> str:
        """What the call said of who makes it."""
        return str(shown_context(entry)) if entry.context else "–"

    @display(description="Object")
    def object_link(self, entry: AuditEntry) -> SafeString | str:
        """The object, with a link to its page if it has one."""
        for model in self.admin_site._registry:
            if model._meta.model_name == entry.object_type:
                url = reverse(f"admin:{model._meta.app_label}_{entry.object_type}_change", args=[entry.object_id])
                return format_html('<a class="bo-link" href="{}">{} {}</a>', url, model._meta.verbose_name, entry.object_id)
        return f"{entry.object_type} {entry.object_id}"

    def get_list_display(self, request: HttpRequest) -> Any:
        return [*super().get_list_display(request), _summary(field_names())]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_fields(request, obj), _changes(field_names())]


def _summary(names: Mapping[str, str]) -> Callable[[AuditEntry], str]:
    """The column with the names of the first changes."""

    @display(description="Changes")
    def summary(entry: AuditEntry) -> str:
        changed = list(dict.fromkeys(change.name for change in change_rows(entry, names)))
        return ", ".join(changed[:_SHOWN]) + (
            gettext(" and %(changed)s more") % {"changed": len(changed) - _SHOWN} if len(changed) > _SHOWN else ""
        )

    return cast("Callable[[AuditEntry], str]", summary)


def _changes(names: Mapping[str, str]) -> Callable[[AuditEntry], SafeString]:
    """The field with all changes: name, old and new value."""

    @display(description="Changes")
    def changes(entry: AuditEntry) -> SafeString:
        return render_to_string("back_office/_changes.html", {"changes": change_rows(entry, names)})

    return cast("Callable[[AuditEntry], SafeString]", changes)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
