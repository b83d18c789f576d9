"""The log of deliveries: what was sent to which endpoint, every attempt, and delivering again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import choice_column, link_column, value_column
from organizations.back_office.current_user import actor_of, work_for
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, RelatedRowFilter
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.back_office.parameters import Shape, one_of
from organizations.back_office.tables import cell, number, table
from organizations.staff.masks import HIDDEN
from organizations.staff.sight import sees_person
from use_cases.webhook_events import EVENT_KINDS
from webhooks.deliveries.models import Attempt, Delivery
from webhooks.deliveries.services import replay
from webhooks.endpoints.models import Endpoint
from webhooks.events.kinds import TEST
from webhooks.events.payloads import event_body, hidden

STATE_COLORS = {"PENDING": "info", "DELIVERED": "success", "FAILED": "danger"}
# The attempts of a page, the newest.
_SHOWN = 100
# What is delivered again at once. The rest can be selected after that.
MOST_REPLAYED = 10_000
ERRORS = {
    "status": "the endpoint refused it",
    "redirect": "the endpoint answered with a redirect, which is not followed",
    "timeout": "the endpoint did not answer in time",
    "connection": "no connection",
    "tls": "no secure connection: the certificate was not accepted",
    "unknown host": "the host name is not known",
    "forbidden address": "the host has no public address",
    "no http": "the answer was not HTTP",
    "no secret": "no secret to sign with can be read",
    "erased": "the data of the customer was erased before it could be sent",
    "withdrawn": "it was of no use any more before it could be sent",
    "not tried": "it was never tried: the endpoint was paused, off or failing",
}


class EndpointFilter(RelatedRowFilter):
    """By endpoint."""

    title = parameter_name = path = "endpoint"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return Endpoint.objects.values_list("pk", "name")


class KindFilter(DropdownFilter):
    """By the kind of event."""

    title, parameter_name = "event", "kind"

    @classmethod
    def parameters(cls, model: type[Any], path: str) -> dict[str, Shape]:  # noqa: ARG003 - the same for all filters
        """A kind that is announced, or a test."""
        return {cls.parameter_name: one_of([*EVENT_KINDS, TEST.name])}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(name, name) for name in (*EVENT_KINDS, TEST.name)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        return queryset.filter(event__kind=self.value()) if self.value() else queryset

    def describe(self, given: Mapping[str, str]) -> str:
        """The kind itself."""
        return given["kind"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Deliveries, read-only. Staff may have them delivered again, one or many."""

    related = ("event", "endpoint", "organization")
    fields = (
        "event_kind", "endpoint_link", "state_label", "problem", "status_label", "attempts", "next_attempt", "finished_at",
        "expires_at", "occurred_at", "event_id_label", "customer_link", "body",
    )  # fmt: skip
    list_display = ("event_kind", "endpoint_link", "customer_link", "state_label", "attempts", "problem", "recorded_at")
    phone_lines = (("event_kind", "state_label"), ("endpoint_link", "problem", "recorded_at"))
    list_display_links = ("event_kind",)
    list_filter = (("state", ChoiceFilter), EndpointFilter, KindFilter, ("event__recorded_at", DayRangeFilter))
    # Any field: without one Django shows no search box.
    search_fields = ("pk",)
    search_help_text = "Id of the event, or user id of the customer"
    actions = ("replay",)
    confirmed_actions = ("replay",)
    actions_detail: Sequence[str] = ("replay_page",)  # type: ignore[assignment]  # see the base class
    change_form_outer_after_template = "back_office/table_below.html"  # type: ignore[assignment]  # see the base class

    has_replay_permission = permission_check("webhooks.replay_delivery")

    event_kind = value_column("event__kind", "Event")
    endpoint_link = link_column("endpoint", "Endpoint")
    state_label = choice_column("state", "State", STATE_COLORS)
    status_label = value_column("status", "Last answer", "HTTP {}".format)
    occurred_at = value_column("event__occurred_at", "Happened", cell)
    recorded_at = value_column("event__recorded_at", "Recorded", cell)
    event_id_label = value_column("event__uid", "Id of the event")

    @display(description="Problem", empty_value="–")
    def problem(self, delivery: Delivery) -> str | None:
        """Why the last attempt failed, in words."""
        if not delivery.error:
            return None
        said = ERRORS[delivery.error]
        return f"{said} ({delivery.status})" if delivery.status else said

    @display(description="Next attempt", empty_value="–")
    def next_attempt(self, delivery: Delivery) -> Any:
        """When it is tried next, if it waits."""
        return cell(delivery.next_at) if delivery.state == Delivery.State.PENDING else None

    @display(description="Customer")
    def customer_link(self, delivery: Delivery) -> SafeString | str:
        """The user id, with a link to the customer's page."""
        pk = delivery.event.customer_id
        if pk is None:
            return "–"
        return format_html('<a class="bo-link" href="{}">{}</a>', reverse("admin:customers_customer_change", args=[pk]), pk)

    @display(description="Body")
    def body(self, delivery: Delivery) -> SafeString:
        """What is sent, laid out for people."""
        event = delivery.event
        sent = event_body(
            uid=event.uid,
            kind=event.kind,
            version=event.version,
            customer_id=event.customer_id,
            occurred_at=event.occurred_at,
            organization=delivery.organization.code,
            facts=hidden(event.facts) if sees_person(event.customer_id) else {HIDDEN: True},
        )
        return format_html('<pre class="bo-sent">{}</pre>', json.dumps(json.loads(sent), indent=2, ensure_ascii=False))

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """By the id of an event, or by the id of a customer."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(event__customer_id=int(term)), False
        try:
            return queryset.filter(event__uid=UUID(term)), False
        except ValueError:
            return queryset.none(), False

    @admin.action(description="Deliver again", permissions=["replay"])
    def replay(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        """Deliver the selected ones again, the newest first if there are very many."""
        chosen = list(rows.select_related("organization").order_by("organization_id", "-pk")[:MOST_REPLAYED])
        count = 0
        for organization, deliveries in groupby(chosen, key=self.organization_behind):
            with work_for(request, organization):
                count += replay([row.pk for row in deliveries], by=actor_of(request, organization))
        messages.success(request, f"Will be delivered again as soon as a worker is free: {count:,}.")

    @row_page("Deliver again", address="replay", icon="replay", permission="replay")
    def replay_page(self, request: HttpRequest, delivery: Delivery) -> HttpResponse:
        """The page that delivers again."""
        if request.method == "POST":
            self.replay(request, Delivery.objects.filter(pk=delivery.pk))
            return HttpResponseRedirect(page_of(delivery))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=f"Deliver again: {delivery.event.kind} to {delivery.endpoint}",
            original=delivery,
            submit="Deliver again",
            intro="The receiver gets the same event once more, with the same id, by which it recognises the repetition.",
        )

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        attempts = Attempt.objects.filter(delivery=context["original"]).order_by("-pk")[:_SHOWN]
        context["table"] = table(
            "Attempts",
            ("When", number("Took"), "Answer", "Result"),
            [
                (
                    attempt.at,
                    f"{attempt.milliseconds:,} ms",
                    f"HTTP {attempt.status}" if attempt.status else None,
                    ERRORS[attempt.error] if attempt.error else "taken",
                )
                for attempt in attempts
            ],
            empty="None yet.",
        )
        return super().render_change_form(request, context, *args, **kwargs)
