"""Webhook endpoints: where events are sent, and how that is going."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from loyalty_project import clock
from loyalty_project.translation import format_number
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import state_display, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import NamedFilter, YesNoFilter
from organizations.back_office.pages import page_of, row_page
from organizations.back_office.tables import cell
from webhooks.deliveries.models import Delivery
from webhooks.endpoints.admin.forms import (
    EndpointActionForm,
    EndpointForm,
    PauseForm,
    ResumeForm,
    RetireForm,
    RotateForm,
    TestForm,
)
from webhooks.endpoints.models import Endpoint, EndpointHealth
from webhooks.endpoints.secrets import MOST_SECRETS, add_secret, signing_keys

# More are not counted on a page.
_MOST_COUNTED = 1_000
STATE_COLORS = {
    "active": "success",
    "failing": "warning",
    "paused": "warning",
    "paused after failures": "danger",
    "off": "danger",
}

# By how many secrets sign.
SECRETS = (
    "None can be read, so nothing is sent. Rotate the secret.",
    "One signs.",
    "Two sign, until the old one is retired.",
)


class StateFilter(NamedFilter):
    """By state, as far as staff have to do something."""

    title = parameter_name = "state"
    options = {
        "paused": ("paused", lambda rows: rows.exclude(paused_at=None)),
        "failing": ("failing", lambda rows: rows.exclude(health__failing_since=None)),
    }


@admin.register(Endpoint)
class EndpointAdmin(BackOfficeAdmin):
    """Endpoints with their state. Secrets are shown once, when they are made."""

    form = EndpointForm
    related = ("health",)
    fields = ("name", "url", "events", "is_active")
    list_display = ("name", "url", "event_count", "state_label", "last_success")
    list_filter = (("is_active", YesNoFilter), StateFilter)
    search_fields = ("name", "url")
    actions_detail: Sequence[str] = ("send_test", "pause_page", "rotate", "retire")

    event_count = value_column("events", "Events", len)

    # --- columns

    @state_display("State", STATE_COLORS)
    def state_label(self, endpoint: Endpoint) -> str:
        """Active, failing, paused or off."""
        if not endpoint.is_active:
            return "off"
        if endpoint.paused_at is not None:
            return "paused" if endpoint.paused_because == Endpoint.PausedBecause.STAFF else "paused after failures"
        health = _health_of(endpoint)
        return "failing" if health and health.failing_since else "active"

    @display(description="Last success")
    def last_success(self, endpoint: Endpoint) -> Any:
        """When the endpoint took an event last."""
        health = _health_of(endpoint)
        return cell(health.succeeded_at if health else None)

    @display(description="State")
    def state_text(self, endpoint: Endpoint) -> str:
        """The state with its moments."""
        health = _health_of(endpoint)
        if not endpoint.is_active:
            return "Off: what happens now is not announced to it."
        if endpoint.paused_at is not None:
            return f"Paused {endpoint.get_paused_because_display()}, since {cell(endpoint.paused_at)}."
        if health and health.failing_since:
            return f"Failing since {cell(health.failing_since)}. The next try is at {cell(health.rests_until)}."
        return "Active."

    @display(description="Secrets")
    def secrets_text(self, endpoint: Endpoint) -> str:
        """How many secrets sign."""
        return SECRETS[min(len(signing_keys(endpoint)), MOST_SECRETS)]

    @display(description="Deliveries")
    def deliveries_link(self, endpoint: Endpoint) -> SafeString:
        """How many wait, with a link to all."""
        pending = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING)
        count = pending.values("pk")[:_MOST_COUNTED].count()
        waiting = f"{count:,} or more" if count == _MOST_COUNTED else format_number(count)
        address = reverse("admin:webhooks_delivery_changelist")
        return format_html('<a class="bo-link" href="{}?endpoint={}">{} waiting – show all</a>', address, endpoint.pk, waiting)

    # --- forms

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        return fields if obj is None else ["state_text", "deliveries_link", "last_success", *fields, "secrets_text"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else [*fields, "state_text", "secrets_text", "last_success", "deliveries_link"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)
        if not change:
            obj.new_secret = add_secret(obj, by=actor_of(request, self.organization_behind(obj)))

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """The page that shows the secret of a new endpoint."""
        return self.answer_secret(request, obj, obj.new_secret)  # type: ignore[attr-defined]

    # --- pages

    def answer_secret(self, request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
        """The page that shows a new secret once."""
        return self.answer_page(
            request,
            "back_office/secret.html",
            title=f"New secret: {endpoint}",
            original=endpoint,
            shown=secret,
            word="secret",
        )

    @row_page("Send a test", address="test", icon="send")
    def send_test(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """The page that sends a test event."""
        form = TestForm(_sent(request), endpoint=endpoint, by=actor_of(request, self.organization_behind(endpoint)))
        if form.run():
            return HttpResponseRedirect(page_of(form.delivery))
        return self._answer_action(request, endpoint, form, title="Send a test", submit="Send")

    @row_page("Pause or resume", address="pause", icon="pause_circle")
    def pause_page(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """The page that pauses an endpoint, or resumes a paused one."""
        kind, verb = (PauseForm, "Pause") if endpoint.paused_at is None else (ResumeForm, "Resume")
        return self._act(request, endpoint, kind, title=verb)

    @row_page("Rotate secret", address="rotate", icon="key")
    def rotate(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """The page that makes a new secret and shows it."""
        form = RotateForm(_sent(request), endpoint=endpoint, by=actor_of(request, self.organization_behind(endpoint)))
        if form.run():
            return self.answer_secret(request, endpoint, form.secret)
        return self._answer_action(request, endpoint, form, title="Rotate secret", submit="Make a new secret")

    @row_page("Retire old secret", address="retire", icon="key_off")
    def retire(self, request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
        """The page that retires the old secret."""
        return self._act(request, endpoint, RetireForm, title="Retire old secret")

    def _act(self, request: HttpRequest, endpoint: Endpoint, kind: type[Any], *, title: str) -> HttpResponse:
        by = actor_of(request, self.organization_behind(endpoint))
        form = kind(_sent(request), endpoint=endpoint, by=by)
        if form.run():
            messages.success(request, form.done)
            return HttpResponseRedirect(page_of(endpoint))
        return self._answer_action(request, endpoint, form, title=title, submit=title)

    def _answer_action(
        self, request: HttpRequest, endpoint: Endpoint, form: EndpointActionForm, *, title: str, submit: str
    ) -> HttpResponse:
        return self.answer_page(
            request,
            "back_office/action.html",
            title=f"{title}: {endpoint}",
            original=endpoint,
            form=form,
            submit=submit,
            intro=form.intro,
        )


def _sent(request: HttpRequest) -> QueryDict | None:
    """What a form without fields was sent with: perhaps nothing."""
    return request.POST if request.method == "POST" else None


def _health_of(endpoint: Endpoint) -> EndpointHealth | None:
    health: EndpointHealth | None = getattr(endpoint, "health", None)
    return health
