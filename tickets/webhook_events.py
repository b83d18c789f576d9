"""Webhook events of tickets (docs/webhooks.md): announced when tickets are opened and changed."""

from collections.abc import Sequence
from typing import Final

from loyalty_project import clock
from organizations.tenancy.models import Organization
from tickets.ticket.models import Ticket
from webhooks.announcing import Announcement, announce
from webhooks.events.kinds import EventKind
from webhooks.events.payloads import write_utc

OPENED: Final = EventKind(name="ticket.opened", meaning="a ticket was opened")
CHANGED: Final = EventKind(name="ticket.changed", meaning="a ticket was changed, closed or reopened")
EVENTS: Final = (OPENED, CHANGED)


def announce_tickets(kind: EventKind, tickets: Sequence[Ticket], *, organization: Organization) -> None:
    """Announce an event of each ticket that happens now, with the ticket as it is. Statements as `announce`."""
    if kind.name not in organization.announced_events:
        return
    now = clock.now()
    announce(
        [
            Announcement(kind=kind, customer_id=ticket.customer_id, occurred_at=now, facts={"ticket": _facts(ticket)})
            for ticket in tickets
        ]
    )


def _facts(ticket: Ticket) -> dict[str, str | None]:
    return {
        "code": ticket.code,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "department": ticket.department,
        "assigned_to": ticket.assigned_to,
        "created_at": write_utc(ticket.created_at),
        "due_at": write_utc(ticket.due_at) if ticket.due_at else None,
        "closed_at": write_utc(ticket.closed_at) if ticket.closed_at else None,
    }
