"""The table of the latest tickets, on a customer's page, and the state of a ticket in words."""

from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from customers.profile.models import Customer
from loyalty_project import clock
from organizations.back_office.columns import link_to
from organizations.back_office.tables import Table, badge, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tickets.ticket.models import Ticket
from tickets.ticket.rules import is_overdue

SHOWN: Final = 5
CHANGE_TICKETS: Final = "tickets.change_ticket"


def tickets_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest tickets of the customer, with a link to open one for those who may; None without permission. One query.

    None too for users who only look, of a customer without tickets.
    """
    if not seen_by.has_perm("tickets.view_ticket"):
        return None
    now = clock.now()
    latest = Ticket.objects.filter(customer=customer).order_by("-created_at", "-pk")[:SHOWN]
    rows = [_row(ticket, now) for ticket in latest]
    may_open = seen_by.has_perm(CHANGE_TICKETS) and customer.is_current
    if not rows and not may_open:
        return None
    options: dict[str, Any] = {"empty": gettext("No tickets.")}
    if may_open:
        options |= {
            "link": reverse("admin:customers_customer_open_ticket", args=[customer.pk]),
            "link_text": gettext("Open a ticket"),
        }
    if len(rows) == SHOWN:
        every = f"{reverse('admin:tickets_ticket_changelist')}?customer={customer.pk}&state=all"
        options["footer"] = format_html('<a class="bo-link" href="{}">{}</a>', every, gettext("Show all"))
    return table("Tickets", ("Ticket", "Status", "Priority", "Opened", "Assigned to"), rows, **options)


def state_badge(ticket: Ticket, now: datetime) -> Any:
    """The status, and whether the ticket is overdue, as badges."""
    status = badge(ticket.status, "" if ticket.is_open else "good")
    return with_note(status, badge("overdue", "bad")) if is_overdue(ticket, now) else status


def _row(ticket: Ticket, now: datetime) -> list[Any]:
    return [
        with_note(link_to(ticket), ticket.code),
        state_badge(ticket, now),
        ticket.priority,
        ticket.created_at,
        ticket.assigned_to or None,
    ]
