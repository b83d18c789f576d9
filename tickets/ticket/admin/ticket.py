"""Tickets: the list, the page of one, and the pages on which staff work on it and give goodwill."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from unfold.decorators import display

from customers.profile.field_values import write_value
from customers.profile.models import Customer
from engagement.adjustments.accounts import accounts_of
from engagement.adjustments.staff import limit_for, may_adjust
from engagement.back_office import LoyaltyRowsAdmin
from engagement.points.models import PointsAccount
from loyalty_project import clock
from organizations.back_office.columns import link_to, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import DayRangeFilter
from organizations.back_office.forms import ActionForm
from organizations.back_office.history import actor_label, history_rows
from organizations.back_office.list_export import ExportColumn, ListResource, customer_id, customer_name
from organizations.back_office.list_exports import ExportedList
from organizations.back_office.list_page import ListPage
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.back_office.presets import Preset
from organizations.back_office.tables import Table, cell, table, with_note
from organizations.configuration import current_configuration
from organizations.staff.sight import shown_value
from tickets.choices.catalog import TicketChoices, load_ticket_choices
from tickets.links.services import links_of
from tickets.ticket.admin.filters import DepartmentFilter, PriorityFilter, StateFilter, StatusFilter
from tickets.ticket.admin.forms import (
    ChangeForm,
    CommentForm,
    CouponForm,
    LinkForm,
    PointsForm,
    ReopenForm,
)
from tickets.ticket.admin.links import links_table
from tickets.ticket.fields import load_ticket_fields
from tickets.ticket.models import Ticket
from tickets.ticket.panels import CHANGE_TICKETS, state_badge
from tickets.ticket.rules import is_overdue
from tickets.ticket.services import comments_of

HISTORY_SHOWN = 25


class TicketResource(ListResource):
    """Tickets, without what customers wrote."""

    code = ExportColumn("Code", "code")
    subject = ExportColumn("Subject", str)
    customer_id = ExportColumn("Customer id", customer_id())
    customer = ExportColumn("Customer", customer_name())
    status = ExportColumn("Status", "status")
    priority = ExportColumn("Priority", "priority")
    department = ExportColumn("Department", "department")
    assigned_to = ExportColumn("Assigned to", "assigned_to")
    created_at = ExportColumn("Opened", "created_at")
    due_at = ExportColumn("Due", "due_at")
    closed_at = ExportColumn("Closed", "closed_at")


class TicketListPage(ListPage):
    """Tickets, the newest first; those that are due, the first one first."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        if ORDER_VAR not in self.params and self.params.get("state") in {"overdue", "due_today"}:
            return ["due_at", "pk"]
        return super().get_ordering(request, queryset)


@admin.register(Ticket)
class TicketAdmin(ExportedList, LoyaltyRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Tickets. The page of one shows everything about it; pages of their own change it."""

    # The page itself shows it.
    has_history = False
    newest = "created_at"
    related = ("customer", "store", "till")
    fields = ()
    list_display = (
        "subject_label", "customer_link", "state_label", "priority", "department_label", "assigned_label", "created_at",
        "due_label",
    )  # fmt: skip
    phone_lines = (("subject_label", "state_label"), ("customer_link", "assigned_label", "due_label"))
    list_display_links = ("subject_label",)
    list_filter = (StateFilter, StatusFilter, PriorityFilter, DepartmentFilter, ("created_at", DayRangeFilter))
    sortable_by = ("created_at",)
    order_words: ClassVar[Mapping[str, tuple[str, str]]] = {"created_at": ("earliest first", "latest first")}
    unfiltered_label = "Open"
    presets: ClassVar[Sequence[Preset]] = (
        Preset(label="Mine", query={"state": "mine"}),
        Preset(label="Nobody’s", query={"state": "nobodys"}),
        Preset(label="Due today", query={"state": "due_today"}),
        Preset(label="Overdue", query={"state": "overdue"}),
        Preset(label="Closed", query={"state": "closed"}),
    )
    empty_text = "No ticket is open. To open one, go to the page of the customer who asks."
    resource = TicketResource
    search_help_text = "Code, or customer: mobile, e-mail, id, card or name"
    actions_detail: Sequence[str] = ("comment", "change_page", "reopen", "give_points", "give_coupon", "link")  # type: ignore[assignment]  # see the base class
    change_form_outer_before_template = "back_office/ticket.html"  # type: ignore[assignment]  # see the base class

    has_work_permission = permission_check(CHANGE_TICKETS)
    has_coupon_permission = permission_check("engagement.issue_coupon")

    department_label = value_column("department", "Department", lambda word: word or None)
    assigned_label = value_column("assigned_to", "Assigned to", lambda name: name or None)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ARG002 - Django's signature
        return TicketListPage

    def has_points_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """True if the current user adjusts points."""
        return may_adjust(request)

    def other_matches(self, request: HttpRequest, term: str) -> Q:  # noqa: ARG002 - as in the base class
        """By the code, in any case."""
        return Q(code=term.lower())

    @display(description="Subject")
    def subject_label(self, ticket: Ticket) -> SafeString:
        """The subject and the code."""
        return with_note(ticket, ticket.code)

    @display(description="Status")
    def state_label(self, ticket: Ticket) -> Any:
        """The status, and whether the ticket is overdue."""
        return state_badge(ticket, clock.now())

    @display(description="Due")
    def due_label(self, ticket: Ticket) -> Any:
        """The moment by which an open ticket is due."""
        return cell(ticket.due_at) if ticket.is_open else cell(None)

    # --- one ticket

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        ticket: Ticket = context["original"]
        now = clock.now()
        definitions = load_ticket_fields().definitions
        entries = self.readable_entries(self.history_of(ticket)[:HISTORY_SHOWN])
        names = {f"field_values.{definition.pk}": definition.name for definition in definitions}
        context.update(
            ticket=ticket,
            state=state_badge(ticket, now),
            is_overdue=is_overdue(ticket, now),
            made_by=actor_label(ticket.made_by),
            field_rows=[
                (definition.name, shown_value(write_value(value), customer_id=ticket.customer_id))
                for definition in definitions
                if (value := ticket.field_values.get(str(definition.pk)))
            ],
            message=shown_value(ticket.message, customer_id=ticket.customer_id),
            comments=[
                (comment, shown_value(comment.text, customer_id=ticket.customer_id), actor_label(comment.made_by))
                for comment in comments_of(ticket)
            ],
            links=links_table(links_of(ticket)),
            history=history_rows(entries, names),
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """The buttons; an open ticket is not reopened."""
        buttons = super().get_actions_detail(request, object_id)
        ticket = self.get_object(request, str(object_id))
        is_open = ticket is not None and ticket.is_open
        return [button for button in buttons if not (is_open and button.action_name.endswith("_reopen"))]

    # --- working on it

    @row_page("Comment", address="comment", icon="comment", permission="work", opens_dialog=True)
    def comment(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """The page that adds a comment."""
        return self._work(request, ticket, CommentForm, title=gettext("Comment"), done=gettext("The comment was added."))

    @row_page("Change", address="edit", icon="edit", permission="work", opens_dialog=True)
    def change_page(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """The page that changes status, priority, department and assignment."""
        return self._work(
            request, ticket, ChangeForm, title=gettext("Change"), submit=gettext("Save"), done=gettext("The ticket was saved.")
        )

    @row_page("Reopen", address="reopen", icon="lock_open", permission="work", opens_dialog=True)
    def reopen(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """The page that opens a closed ticket again."""
        return self._work(request, ticket, ReopenForm, title=gettext("Reopen"), done=gettext("The ticket is open again."))

    @row_page("Link", address="link", icon="link", permission="work", opens_dialog=True)
    def link(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """The page that links a bill, coupon or ledger entry."""
        return self._work(
            request, ticket, LinkForm, title=gettext("Link"), done=gettext("It was linked."),
            intro=gettext("What the ticket is about: something that this customer has."),
        )  # fmt: skip

    def _work(self, request: HttpRequest, ticket: Ticket, form_class: Any, **texts: str) -> HttpResponse:
        form = form_class(request.POST or None, ticket=ticket, choices=self._choices(), by=self._actor(request, ticket))
        return self._answer(request, ticket, form, **texts)

    # --- goodwill

    @row_page("Give points", address="points", icon="redeem", permission="points", opens_dialog=True)
    def give_points(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """The page that gives the customer points because of the ticket."""
        organization = self.organization_behind(ticket)
        by_id = {str(account.pk): account for account in accounts_of(ticket.customer, organization=organization)}
        account = by_id.get(request.GET.get("account", "")) or (next(iter(by_id.values())) if len(by_id) == 1 else None)
        title = gettext("Give points")
        if account is None:
            return self.answer_page(
                request,
                "back_office/table_page.html",
                title=f"{title}: {ticket}",
                original=ticket,
                table=_accounts_table(list(by_id.values())),
            )
        form = PointsForm(
            request.POST or None,
            ticket=ticket,
            account=account,
            by=self._actor(request, ticket),
            limit=limit_for(request, organization),
        )
        intro = gettext("%(customer)s gets points in %(program)s. The ledger shows the code of the ticket as the reason.") % {
            "customer": ticket.customer,
            "program": account.program,
        }
        if form.run():
            form.report(request, ticket.customer)
            return HttpResponseRedirect(page_of(ticket))
        return self._answer_done(request, ticket, form, title=title, intro=intro)

    @row_page("Give coupon", address="coupon", icon="local_activity", permission="coupon", opens_dialog=True)
    def give_coupon(self, request: HttpRequest, ticket: Ticket) -> HttpResponse:
        """The page that gives the customer a coupon because of the ticket."""
        form = CouponForm(request.POST or None, ticket=ticket, by=self._actor(request, ticket))
        if form.run():
            form.report(request, ticket.customer)
            return HttpResponseRedirect(page_of(ticket))
        intro = gettext("%(customer)s gets a coupon, dated now. No message is sent.") % {"customer": ticket.customer}
        return self._answer_done(request, ticket, form, title=gettext("Give coupon"), intro=intro)

    def get_urls(self) -> list[URLPattern]:
        page = path("open/<int:customer_id>/", self.admin_site.admin_view(self.open_view), name="tickets_ticket_open")
        return [page, *super().get_urls()]

    def open_view(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        """Redirect to the page that opens a ticket, which is one of the customer's."""
        customers: Any = self.admin_site.get_model_admin(Customer)
        customer: Customer | None = customers.get_object(request, str(customer_id))
        if customer is None:
            unknown: HttpResponse = customers.answer_unknown(request, str(customer_id))
            return unknown
        with customers.row_scope(request, customer, CHANGE_TICKETS):
            return HttpResponseRedirect(reverse("admin:customers_customer_open_ticket", args=[customer_id]))

    # --- answers

    def _choices(self) -> TicketChoices:
        return current_configuration().part(load_ticket_choices)

    def _actor(self, request: HttpRequest, ticket: Ticket) -> Any:
        return actor_of(request, self.organization_behind(ticket))

    def _answer(self, request: HttpRequest, ticket: Ticket, form: ActionForm, *, done: str, **texts: str) -> HttpResponse:
        return self._answer_done(request, ticket, form, done=done if form.run() else "", **texts)

    def _answer_done(
        self,
        request: HttpRequest,
        ticket: Ticket,
        form: ActionForm,
        *,
        title: str,
        done: str = "",
        submit: str = "",
        intro: str = "",
    ) -> HttpResponse:
        """The form's page again, or with `done`, a sentence on what was done, that of the ticket."""
        if done:
            messages.success(request, done)
            return HttpResponseRedirect(page_of(ticket))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=f"{title}: {ticket}",
            original=ticket,
            form=form,
            submit=submit or title,
            intro=intro or gettext("Ticket %(code)s of %(customer)s.") % {"code": ticket.code, "customer": ticket.customer},
        )


def _accounts_table(accounts: Sequence[PointsAccount]) -> Table:
    """The programs in which the customer can get points."""
    rows = [
        (format_html('<a class="bo-link" href="?account={}">{}</a>', account.pk, account.program), link_to(account))
        for account in accounts
    ]
    return table(
        "In which program?",
        ("Program", "Account"),
        rows,
        empty="The customer is in no program that is switched on: only members get points.",
    )
