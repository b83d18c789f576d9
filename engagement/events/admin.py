"""Loyalty events that wait, and those that fail."""

from itertools import groupby

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext

from engagement.events.deferral import try_again
from engagement.events.models import DeferredEvent
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import state_display
from organizations.back_office.current_user import actor_of, work_for
from organizations.back_office.filters import NamedFilter, Rows
from organizations.back_office.pages import permission_check


class StateFilter(NamedFilter):
    """By state. A failing event waits as well."""

    title = parameter_name = "state"
    options = {
        "waiting": ("waiting", lambda rows: rows.filter(worked_at=None)),
        "failing": ("failing", lambda rows: rows.filter(worked_at=None).exclude(last_error="")),
        "worked": ("worked", lambda rows: rows.exclude(worked_at=None)),
    }


@admin.register(DeferredEvent)
class DeferredEventAdmin(ReadOnlyAdmin):
    """Deferred events, read-only. Workers process them; staff can have failing events retried."""

    related = ("customer", "till", "store")
    fields = (
        "customer", "kind", "state_label", "created_at", "worked_at", "attempts", "last_error",
        "actor", "till", "store", "request_id", "payload",
    )  # fmt: skip
    list_display = ("id", "customer", "kind", "state_label", "created_at", "worked_at", "attempts", "last_error")
    list_filter = (StateFilter,)
    search_fields = ("customer_id",)
    search_help_text = "Customer id"
    actions = ("try_again",)
    confirmed_actions = ("try_again",)

    has_retry_permission = permission_check("engagement.retry_deferredevent")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: Rows,
        search_term: str,
    ) -> tuple[Rows, bool]:
        """The events of one customer, by customer id."""
        term = search_term.strip()
        if not term:
            return queryset, False
        is_id = term.isascii() and term.isdigit() and len(term) < 19
        return queryset.filter(customer_id=int(term)) if is_id else queryset.none(), False

    @state_display("State", {"worked": "success", "waiting": "info", "failing": "danger"})
    def state_label(self, event: DeferredEvent) -> str:
        """Worked, waiting or failing."""
        if event.worked_at is not None:
            return "worked"
        return "failing" if event.last_error else "waiting"

    @admin.action(description="Try again now", permissions=["retry"])
    def try_again(self, request: HttpRequest, rows: Rows) -> None:
        """Retry the selected events that wait, as soon as a worker is free."""
        count = 0
        by_organization = rows.select_related("organization").order_by("organization_id", "pk")
        for organization, events in groupby(by_organization, key=self.organization_behind):
            with work_for(request, organization):
                count += len(try_again(events, by=actor_of(request, organization)))
        messages.success(request, gettext("Will be tried again as soon as a worker is free: %(count)s.") % {"count": count})
