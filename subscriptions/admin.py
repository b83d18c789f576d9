"""The log of consents, and the page on which staff record a customer's decision."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_noop
from unfold.widgets import UnfoldAdminRadioSelectWidget

from customers.back_office import CustomerFilter, CustomerRowsAdmin
from customers.profile.models import Customer
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.back_office.columns import actor_column, source_column, state_display, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, NamedFilter
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.pages import page_of
from subscriptions.models import ConsentChange
from subscriptions.rules import Choice
from subscriptions.services import CONSTRAINTS, decide_each
from subscriptions.switches import ANSWERS, Switch, consent_switches, label_of

LOG_ANSWERS: Final = {True: gettext_noop("subscribed"), False: gettext_noop("unsubscribed"), None: gettext_noop("no answer")}


class AnswerFilter(NamedFilter):
    """By the customer's answer."""

    title, parameter_name = "answer", "new"
    options = {
        "1": (LOG_ANSWERS[True], lambda rows: rows.filter(new=True)),
        "0": (LOG_ANSWERS[False], lambda rows: rows.filter(new=False)),
    }


class ConsentForm(ActionForm):
    """The customer's answer to each switch, and one reason for all that changed.

    A hidden field beside each switch has the answer that the form showed: a switch that staff did not touch changes nothing,
    whatever a till did meanwhile.
    """

    constraints = CONSTRAINTS

    changed: Sequence[Choice] = ()

    def __init__(self, *args: Any, customer: Customer, switches: Sequence[Switch], by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.switches, self.by = customer, switches, by
        for switch in switches:
            self.fields[switch.name] = forms.ChoiceField(
                label=switch.label,
                choices=[("1", gettext("Yes")), ("0", gettext("No"))],
                required=False,
                initial=switch.value,
                show_hidden_initial=True,
                widget=UnfoldAdminRadioSelectWidget,
            )
        self.fields["reason"] = ReasonField(
            label=gettext("How do you know?"),
            help_text=gettext("Kept in the log: where and how the customer said so."),
            required=False,
        )

    @property
    def choices(self) -> list[Choice]:
        """The answers that differ from those that the form showed."""
        return [
            Choice(channel=channel, priority=priority, is_subscribed=self.cleaned_data[switch.name] == "1")
            for switch in self.switches
            for channel, priority, _scope in [switch.pair]
            if switch.name in self.changed_data and self.cleaned_data.get(switch.name)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.choices and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", gettext("Say how you know."))
        return cleaned

    def act(self) -> None:
        # A refusal leaves the page's own reads possible, in whatever transaction it runs.
        with transaction.atomic():
            self.changed = decide_each(
                self.customer.pk, self.choices, at=clock.now(), reason=self.cleaned_data["reason"], by=self.by
            )

    def summary(self) -> str:
        """What was done, in a sentence."""
        answers = [
            f"{label_of(choice.channel, choice.priority)}: {gettext(ANSWERS[choice.is_subscribed])}" for choice in self.changed
        ]
        return (
            gettext("Consent of %(customer)s saved. %(answers)s.") % {"customer": self.customer, "answers": "; ".join(answers)}
            if answers
            else gettext("Nothing was changed.")
        )


def _log_answer(answer: bool | None) -> str:  # noqa: FBT001 - a value of the log
    return gettext(LOG_ANSWERS[answer])


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
    phone_lines = (("customer_link", "answer_label"), ("channel", "actor_name", "at"))
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

    previous_answer = value_column("old", "Previous answer", _log_answer, empty=LOG_ANSWERS[None])
    actor_name = actor_column("actor")
    source_label = source_column()

    @state_display("Answer", {LOG_ANSWERS[True]: "success", LOG_ANSWERS[False]: "danger"})
    def answer_label(self, change: ConsentChange) -> str:
        """The answer in words."""
        return LOG_ANSWERS[change.new]

    # --- recording a decision

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:customer_id>/decide/",
            self.admin_site.admin_view(self.decide_view),
            name="subscriptions_consentchange_decide",
        )
        return [page, *super().get_urls()]

    def decide_view(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        """The page that records a customer's decisions. The switches on the customer's page send their form here."""
        customers: Any = self.admin_site.get_model_admin(Customer)
        customer: Customer | None = customers.get_object(request, str(customer_id))
        if customer is None:
            unknown: HttpResponse = customers.answer_unknown(request, str(customer_id))
            return unknown
        with customers.row_scope(request, customer, "subscriptions.change_consent"):
            organization = self.organization_behind(customer)
            switches = consent_switches(customer, organization=organization)
            by = actor_of(request, organization)
            form = ConsentForm(request.POST or None, customer=customer, switches=switches, by=by)
            if form.run():
                report = messages.success if form.changed else messages.info
                report(request, form.summary())
                return HttpResponseRedirect(page_of(customer))
            page: HttpResponse = customers.answer_page(
                request,
                "back_office/decide_consent.html",
                title=gettext("Consent: %(customer)s") % {"customer": customer},
                original=customer,
                switches=[replace(switch, typed=request.POST.get(switch.name, "")) for switch in switches],
                form=form,
                submit=gettext("Save"),
            )
            return page
