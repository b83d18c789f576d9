"""The words of an organization's tickets: a part of its configuration (docs/protocol.md 4.10)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from tickets.choices.models import TicketChoice

Kind = TicketChoice.Kind
# In place of a list that the organization does not have. Departments have no such words.
STANDARD: Final[Mapping[str, Sequence[str]]] = {
    Kind.STATUS: ("OPEN", "INPROGRESS", "CLOSE"),
    Kind.PRIORITY: ("LOW", "MEDIUM", "HIGH"),
    Kind.DEPARTMENT: (),
}
STANDARD_CLOSED: Final = ("CLOSE",)
_USUAL_STATUS: Final = "OPEN"
_USUAL_PRIORITY: Final = "MEDIUM"


class TicketChoices:
    """The words in use by kind, in their order, what closes a ticket, and when one is due."""

    def __init__(self, choices: Iterable[TicketChoice]) -> None:
        every = list(choices)
        active = {kind: tuple(row.code for row in every if row.kind == kind and row.is_active) for kind in Kind.values}
        self.words: Mapping[str, Sequence[str]] = {kind: active[kind] or STANDARD[kind] for kind in Kind.values}
        # A ticket may still have a status or priority that was switched off since.
        closing = (row.code for row in every if row.is_closed) if active[Kind.STATUS] else STANDARD_CLOSED
        self.closing = frozenset(closing)
        self._due_hours = {row.code: row.due_hours for row in every if row.kind == Kind.PRIORITY}

    def named(self, kind: str, text: str) -> str | None:
        """The word of a kind that a text is, in any case; None if it is no word in use."""
        word = text.upper()
        return word if word in self.words[kind] else None

    @property
    def open_statuses(self) -> Sequence[str]:
        """The statuses in use that do not close a ticket."""
        return [status for status in self.words[Kind.STATUS] if status not in self.closing]

    @property
    def first_status(self) -> str:
        """The status of a new ticket: OPEN, if the organization has it, else its first open status, else its first."""
        statuses = self.open_statuses or self.words[Kind.STATUS]
        return _USUAL_STATUS if _USUAL_STATUS in statuses else statuses[0]

    @property
    def first_priority(self) -> str:
        """The priority of a new ticket: MEDIUM, if the organization has it, else its first."""
        priorities = self.words[Kind.PRIORITY]
        return _USUAL_PRIORITY if _USUAL_PRIORITY in priorities else priorities[0]

    def due_at(self, priority: str, created_at: datetime) -> datetime | None:
        """The moment by which a ticket of this priority is due; None if the priority has no limit."""
        hours = self._due_hours.get(priority)
        return None if hours is None else created_at + timedelta(hours=hours)


def load_ticket_choices() -> TicketChoices:
    """The words of the scope's organization: one query."""
    return TicketChoices(TicketChoice.objects.all())
