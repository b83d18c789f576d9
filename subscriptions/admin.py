"""Who agreed to what, when and how did we learn of it? The log of consents, and the page on which one is changed."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminRadioSelectWidget

from customers.profile.models import Customer
from customers.search.admin import matching_customers
from loyalty_project import clock
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.filters import DayRangeFilter
from organizations.back_office.forms import ReasonField
from organizations.back_office.history import actor_label, source_label
from organizations.back_office.pages import page_of
from organizations.back_office.refusals import refusal_of, sentence_of
from subscriptions.choices import Choice
from subscriptions.models import Channel, ConsentChange, Priority, Scope
from subscriptions.services import CONSTRAINTS, Decision, consents_of, decide

ANSWERS: Final = {True: "subscribed", False: "unsubscribed", None: "nothing"}


class AnswerFilter(DropdownFilter):
    """By what the customer said."""

    title = "the customer said"
    parameter_name = "new"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("1", ANSWERS[True]), ("0", ANSWERS[False])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentChange]) -> QuerySet[ConsentChange]:  # noqa: ARG002 - Django's signature
        return queryset.filter(new=self.value() == "1") if self.value() in {"0", "1"} else queryset


class CustomerFilter(DropdownFilter):
    """By the customer from whose page somebody comes; there are too many to choose from."""

    title = "customer"
    parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        given = request.GET.get(self.parameter_name, "")
        customer = model_admin.admin_site.get_model_admin(Customer).get_object(request, given) if given.isdecimal() else None
        return [(str(customer.pk), str(customer))] if customer else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConsentChange]) -> QuerySet[ConsentChange]:  # noqa: ARG002 - Django's signature
        value = self.value()
        return queryset.filter(customer_id=int(value)) if value else queryset


class DecisionForm(forms.Form):
    """What a customer told a member of staff about one channel and priority."""

    answer = forms.TypedChoiceField(
        label="The customer says",
        choices=[("1", "Yes, subscribe"), ("0", "No, unsubscribe")],
        coerce=lambda given: given == "1",
        widget=UnfoldAdminRadioSelectWidget,
    )
    reason = ReasonField(label="How do you know?", help_text="For the log: where and how the customer said so.")


@admin.register(ConsentChange)
class ConsentChangeAdmin(ReadOnlyAdmin):
    """The log, to read and to search; the database refuses changes. What customers say anew is added on a page of its own."""

    store_path = "customer__registered_store"
    related = ("customer",)
    # Nobody counts millions of rows to show fifty.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = (
        "at", "customer_page", "channel", "priority", "scope", "told_new", "told_old", "revision",
        "who", "told_source", "reason", "campaign_id", "outbox_id", "request_id", "context",
    )  # fmt: skip
    list_display = ("at", "customer_page", "channel", "priority", "told_new", "who", "told_source", "reason")
    list_display_links = ("at",)
    list_filter = (
        CustomerFilter,
        ("channel", ChoicesDropdownFilter),
        ("priority", ChoicesDropdownFilter),
        AnswerFilter,
        ("source", ChoicesDropdownFilter),
        ("at", DayRangeFilter),
    )
    search_fields = ("customer__identifiers__value",)
    search_help_text = "Customer: mobile, e-mail, id, card or name"
    ordering = ("-pk",)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """The customers whom the term may mean, as in their own list."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(customer__in=matching_customers(request, search_term)), False

    @display(description="Customer")
    def customer_page(self, change: ConsentChange) -> SafeString:
        """The customer, with the way to their page."""
        url = page_of(change.customer)
        return format_html('<a class="text-link" href="{}">{}</a>', url, change.customer)

    @display(description="The customer said", label={ANSWERS[True]: "success", ANSWERS[False]: "danger"})
    def told_new(self, change: ConsentChange) -> str:
        """The answer in words, coloured."""
        return ANSWERS[change.new]

    @display(description="Before that")
    def told_old(self, change: ConsentChange) -> str:
        """The answer before, in words."""
        return ANSWERS[change.old]

    @display(description="By")
    def who(self, change: ConsentChange) -> str:
        """The actor in words."""
        return actor_label(change.actor)

    @display(
        description="From",
        label={"API": "info", "import": "warning", "back office": "success", "command": "primary"},
    )
    def told_source(self, change: ConsentChange) -> str:
        """Where the change came from."""
        return source_label(change.source)

    # --- the page on which one is changed

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:customer_id>/<str:channel>/<str:priority>/decide/",
            self.admin_site.admin_view(self.decide_view),
            name="subscriptions_consentchange_decide",
        )
        return [page, *super().get_urls()]

    def decide_view(self, request: HttpRequest, customer_id: int, channel: str, priority: str) -> HttpResponse:
        """What a customer says anew about one channel and priority; for those who may change consents."""
        if not member_of(request).has_perm("subscriptions.change_consent"):
            raise PermissionDenied
        if channel not in Channel.values or priority not in Priority.values:
            raise Http404
        room: Any = self.admin_site.get_model_admin(Customer)
        customer: Customer | None = room.get_object(request, str(customer_id))
        if customer is None:
            unknown: HttpResponse = room.answer_unknown(request, str(customer_id))
            return unknown
        with work_for(request, self.organization_behind(customer)):
            said = consents_of([customer.pk])[customer.pk].get((channel, priority, Scope.ALL))
            form = DecisionForm(request.POST or None)
            back = page_of(customer)
            if request.method == "POST" and form.is_valid() and self._decide(request, customer, channel, priority, form):
                return HttpResponseRedirect(back)
            page: HttpResponse = room.answer_page(
                request,
                "back_office/decide_consent.html",
                title=f"Consent: {customer}",
                original=customer,
                back=back,
                channel=Channel(channel).label,
                priority=Priority(priority).label,
                said=said,
                form=form,
            )
            return page

    def _decide(self, request: HttpRequest, customer: Customer, channel: str, priority: str, form: DecisionForm) -> bool:
        """Keep what was typed; whether that succeeded. What is refused is told above the form."""
        choice = Choice(channel=channel, priority=priority, is_subscribed=form.cleaned_data["answer"])
        decision = Decision(customer_id=customer.pk, choice=choice, at=clock.now(), reason=form.cleaned_data["reason"])
        try:
            is_changed = decide(decision, by=actor_of(request, self.organization_behind(customer)))
        except Error as error:
            form.add_error(None, sentence_of(refusal_of(error, CONSTRAINTS)))
            return False
        what = f"{Channel(channel).label}, {Priority(priority).label}: {customer}"
        if is_changed:
            messages.success(request, f"{what} is {ANSWERS[choice.is_subscribed]} now.")
        else:
            messages.info(request, f"{what} was {ANSWERS[choice.is_subscribed]} already. Nothing has changed.")
        return True
