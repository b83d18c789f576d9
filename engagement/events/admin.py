"""Which loyalty events wait, and which of them fail?"""

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from engagement.events.deferral import try_again
from engagement.events.models import DeferredEvent
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.current_user import actor_of, member_of, work_for

Rows = QuerySet[DeferredEvent]
# A failing event waits as well.
STATES: Final[Mapping[str, Callable[[Rows], Rows]]] = {
    "waiting": lambda rows: rows.filter(worked_at=None),
    "failing": lambda rows: rows.filter(worked_at=None).exclude(last_error=""),
    "worked": lambda rows: rows.exclude(worked_at=None),
}


class StateFilter(DropdownFilter):
    """By what became of the event."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(state, state) for state in STATES]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:  # noqa: ARG002 - Django's signature
        return STATES[str(self.value())](queryset) if self.value() in STATES else queryset


@admin.register(DeferredEvent)
class DeferredEventAdmin(BackOfficeAdmin):
    """Deferred events, to look at, and to have tried again: workers work them."""

    related = ("customer", "till", "store")
    # Nobody counts millions of rows to show fifty.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = (
        "customer", "kind", "state", "created_at", "worked_at", "attempts", "last_error",
        "actor", "till", "store", "request_id", "payload",
    )  # fmt: skip
    list_display = ("id", "customer", "kind", "state", "created_at", "worked_at", "attempts", "last_error")
    list_filter = (StateFilter,)
    search_fields = ("customer_id",)
    search_help_text = "Customer id"
    sortable_by = ()
    actions = ("try_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whether whoever is logged in may have events tried again."""
        return member_of(request).has_perm("engagement.retry_deferredevent")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: Rows,
        search_term: str,
    ) -> tuple[Rows, bool]:
        """One customer's events, by the customer's id."""
        term = search_term.strip()
        if not term:
            return queryset, False
        is_id = term.isascii() and term.isdigit() and len(term) < 19
        return queryset.filter(customer_id=int(term)) if is_id else queryset.none(), False

    @display(description="State", label={"worked": "success", "waiting": "info", "failing": "danger"})
    def state(self, event: DeferredEvent) -> str:
        """What became of it."""
        if event.worked_at is not None:
            return "worked"
        return "failing" if event.last_error else "waiting"

    @admin.action(description="Try again now", permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: Rows) -> None:
        """Have the chosen events that wait tried now."""
        count = 0
        by_organization = rows.select_related("organization").order_by("organization_id", "pk")
        for organization, events in groupby(by_organization, key=self.organization_behind):
            with work_for(request, organization):
                count += len(try_again(events, by=actor_of(request, organization)))
        messages.success(request, f"Tried again as soon as a worker is free: {count}.")
