"""The log of consents, and the page on which staff record a customer's decision."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from unfold.decorators import display
from unfold.widgets import UnfoldAdminRadioSelectWidget

from customers.back_office import CustomerFilter, CustomerRowsAdmin
from customers.profile.models import Customer
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.back_office.columns import actor_column, source_column, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, NamedFilter
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.pages import page_of
from subscriptions.models import Channel, ConsentChange, Priority, Scope
from subscriptions.rules import Choice
from subscriptions.services import CONSTRAINTS, Decision, consents_of, decide

ANSWERS: Final = {True: "subscribed", False: "unsubscribed", None: "no answer"}


class AnswerFilter(NamedFilter):
    """By the customer's answer."""

    title, parameter_name = "answer", "new"
    options = {
        "1": (ANSWERS[True], lambda rows: rows.filter(new=True)),
        "0": (ANSWERS[False], lambda rows: rows.filter(new=False)),
    }


class DecisionForm(ActionForm):
    """The customer's decision about one channel and priority."""

    constraints = CONSTRAINTS

    answer = forms.TypedChoiceField(
        label="The customer says",
        choices=[("1", "Yes, subscribe"), ("0", "No, unsubscribe")],
        coerce=lambda value: value == "1",
        widget=UnfoldAdminRadioSelectWidget,
    )
    reason = ReasonField(label="How do you know?", help_text="Kept in the log: where and how the customer said so.")

    is_changed = False

    def __init__(self, *args: Any, customer: Customer, channel: str, priority: str, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.channel, self.priority, self.by = customer, channel, priority, by

    def act(self) -> None:
        typed = self.cleaned_data
        choice = Choice(channel=self.channel, priority=self.priority, is_subscribed=typed["answer"])
        decision = Decision(customer_id=self.customer.pk, choice=choice, at=clock.now(), reason=typed["reason"])
        # A refusal leaves the page's own reads possible, in whatever transaction it runs.
        with transaction.atomic():
            self.is_changed = decide(decision, by=self.by)

    def summary(self) -> str:
        """What was done, in a sentence."""
        answer = ANSWERS[self.cleaned_data["answer"]]
        subject = f"{Channel(self.channel).label}, {Priority(self.priority).label}: {self.customer}"
        if self.is_changed:
            return f"{subject} is now {answer}."
        return f"{subject} is already {answer}. Nothing was changed."


@admin.register(ConsentChange)
class ConsentChangeAdmin(CustomerRowsAdmin):
    """The log of consents, read-only: the database refuses changes. A page of its own records a new decision."""

    has_history = False

    related = ("customer",)
    fields = (
        "at", "customer_link", "channel", "priority", "scope", "answer_label", "previous_answer", "revision",
        "actor_name", "source_label", "reason", "campaign_id", "outbox_id", "request_id", "context",
    )  # fmt: skip
    list_display = ("at", "customer_link", "channel", "priority", "answer_label", "actor_name", "source_label", "reason")
    list_display_links = ("at",)
    list_filter = (
        CustomerFilter,
        ("channel", ChoiceFilter),
        ("priority", ChoiceFilter),
        AnswerFilter,
        ("source", ChoiceFilter),
        ("at", DayRangeFilter),
    )
    ordering = ("-pk",)

    previous_answer = value_column("old", "Previous answer", ANSWERS.get, empty=ANSWERS[None])
    actor_name = actor_column("actor")
    source_label = source_column()

    @display(description="Answer", label={ANSWERS[True]: "success", ANSWERS[False]: "danger"})
    def answer_label(self, change: ConsentChange) -> str:
        """The answer in words."""
        return ANSWERS[change.new]

    # --- recording a decision

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:customer_id>/<str:channel>/<str:priority>/decide/",
            self.admin_site.admin_view(self.decide_view),
            name="subscriptions_consentchange_decide",
        )
        return [page, *super().get_urls()]

    def decide_view(self, request: HttpRequest, customer_id: int, channel: str, priority: str) -> HttpResponse:
        """The page that records a customer's decision about one channel and priority."""
        customers: Any = self.admin_site.get_model_admin(Customer)
        customer: Customer | None = customers.get_object(request, str(customer_id))
        if customer is None:
            unknown: HttpResponse = customers.answer_unknown(request, str(customer_id))
            return unknown
        with customers.row_scope(request, customer, "subscriptions.change_consent"):
            if channel not in Channel.values or priority not in Priority.values:
                raise Http404
            by = actor_of(request, self.organization_behind(customer))
            consent = consents_of([customer.pk])[customer.pk].get((channel, priority, Scope.ALL))
            form = DecisionForm(request.POST or None, customer=customer, channel=channel, priority=priority, by=by)
            if form.run():
                report = messages.success if form.is_changed else messages.info
                report(request, form.summary())
                return HttpResponseRedirect(page_of(customer))
            page: HttpResponse = customers.answer_page(
                request,
                "back_office/decide_consent.html",
                title=f"Consent: {customer}",
                original=customer,
                channel=Channel(channel).label,
                priority=Priority(priority).label,
                consent=consent,
                form=form,
                submit="Save",
            )
            return page
