"""What callers, files and staff say about a ticket, and what it makes of the ticket. Pure functions (docs/protocol.md 4.10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from customers.profile.field_values import FieldValue
from customers.profile.text import search_form
from tickets.choices.catalog import TicketChoices
from tickets.ticket.models import Ticket

# Columns that take what is said as it is.
_PLAIN: Final = (
    "subject", "message", "status", "priority", "department", "type", "reported_from", "assigned_to",
)  # fmt: skip
# Columns that a change of a ticket writes.
WRITTEN: Final = (*_PLAIN, "subject_folded", "field_values", "due_at", "closed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketInput:
    """What is said about a ticket, in canonical form. "" is not supplied, except for columns in `cleared`."""

    subject: str = ""
    message: str = ""
    status: str = ""
    priority: str = ""
    department: str = ""
    type: str = ""
    reported_from: str = ""
    assigned_to: str = ""
    field_values: Mapping[str, FieldValue] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change made of the columns: old and new values as JSON, of changed columns only."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def action(self) -> str:
        """The change in a word of the audit."""
        if "closed_at" not in self.new:
            return "changed"
        return "closed" if self.new["closed_at"] else "reopened"


def fill(ticket: Ticket, given: TicketInput, *, choices: TicketChoices) -> None:
    """Give an unsaved ticket, which has its times, what is said about it, and the organization's words for the rest."""
    ticket.status, ticket.priority = choices.first_status, choices.first_priority
    _set(ticket, given)
    ticket.due_at = choices.due_at(ticket.priority, ticket.created_at)
    ticket.closed_at = ticket.recorded_at if ticket.status in choices.closing else None


def change(ticket: Ticket, given: TicketInput, *, choices: TicketChoices, now: datetime) -> Difference | None:
    """Change a ticket by what is said about it; the difference, None if there is none.

    Another status closes the ticket or opens it again; another priority moves the moment by which it is due.
    """
    before = {name: getattr(ticket, name) for name in WRITTEN}
    _set(ticket, given)
    if ticket.priority != before["priority"]:
        ticket.due_at = choices.due_at(ticket.priority, ticket.created_at)
    if ticket.status != before["status"]:
        is_closed = ticket.status in choices.closing
        ticket.closed_at = (ticket.closed_at or now) if is_closed else None
    changed = [name for name in WRITTEN if getattr(ticket, name) != before[name] and name != "subject_folded"]
    if not changed:
        return None
    return Difference(
        {name: _as_json(before[name]) for name in changed}, {name: _as_json(getattr(ticket, name)) for name in changed}
    )


def is_overdue(ticket: Ticket, now: datetime) -> bool:
    """True if the ticket is open and was due before `now`."""
    return ticket.is_open and ticket.due_at is not None and ticket.due_at < now


def subject_key(subject: str) -> str:
    """The form in which subjects are compared: without case."""
    return search_form(subject)


def _set(ticket: Ticket, given: TicketInput) -> None:
    for name in _PLAIN:
        value = getattr(given, name)
        if value or name in given.cleared:
            setattr(ticket, name, value)
    ticket.subject_folded = subject_key(ticket.subject)
    ticket.field_values = {**ticket.field_values, **given.field_values}


def _as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
