"""Tickets of a customer: the open ones on the customer's page, and all of them as rows of its timeline."""

from typing import Any, Final

from django.utils.translation import gettext

from customers.profile.models import Customer
from loyalty_project import clock
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice
from tickets.ticket.models import Ticket
from tickets.ticket.rules import is_overdue

OPEN_SHOWN: Final = 3


def open_tickets(customer: Customer) -> list[Ticket]:
    """The latest open tickets, at most three. One query."""
    return list(Ticket.objects.filter(customer=customer, closed_at=None).order_by("-created_at", "-pk")[:OPEN_SHOWN])


def tickets_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """The tickets by the time they were opened. One query."""
    return [_row(ticket, part) for ticket in part.newest(Ticket.objects.filter(customer=customer), "created_at")]


def _row(ticket: Ticket, part: TimelineSlice) -> TimelineRow:
    overdue = is_overdue(ticket, clock.now())
    facts: list[tuple[str, Any]] = [
        (gettext("Ticket"), ticket.code),
        (gettext("Priority"), ticket.priority),
        (gettext("Assigned to"), ticket.assigned_to),
        (gettext("By"), actor_label(ticket.made_by)),
    ]
    return TimelineRow(
        key=part.key(ticket.created_at, ticket.pk),
        icon="support_agent",
        title=gettext("Ticket"),
        note=str(ticket),
        state=gettext("%(status)s, overdue") % {"status": ticket.status} if overdue else ticket.status,
        tone="bad" if overdue else "" if ticket.is_open else "good",
        facts=facts,
        link=page_of(ticket),
    )
