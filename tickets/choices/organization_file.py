"""Section `tickets` of the organization file: lists of words. A word is matched by kind and code, without case."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from organizations.organization_file.common_keys import ACTIVE, CODES
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.references import check_name
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import (
    Flag,
    MapOf,
    OneOf,
    Struct,
    Text,
    Whole,
    column_text,
    optional,
    required,
)
from organizations.organization_file.sections import Document, Section
from organizations.tenancy.models import Organization
from tickets.choices.models import TicketChoice

Kind = TicketChoice.Kind
_CODE_LENGTH: Final = 100
# Ten years.
_MOST_HOURS: Final = 87_600
LISTS: Final = {Kind.STATUS: "statuses", Kind.PRIORITY: "priorities", Kind.DEPARTMENT: "departments"}
CHOICE_TABLE: Final = Table(
    model=TicketChoice,
    key_of=lambda row: (row.kind, row.code),
    label=lambda row: f"ticket {row.get_kind_display()} {row.code}",
    file_keys={"is_active": "active", "is_closed": "closed"},
)


def _check_tickets(tickets: dict[str, Any], path: str, problems: Problems) -> None:
    words = {key: [word.upper() for word in tickets[key]] for key in LISTS.values()}
    for key, listed in words.items():
        for number, word in enumerate(listed):
            at = below(path, f"{key}[{number}]")
            if word in listed[:number]:
                problems.add(at, f"{word!r} stands here twice: case makes no difference")
            if len(word) > _CODE_LENGTH:
                problems.add(at, f"must be at most {_CODE_LENGTH} characters in upper case")
    for number, status in enumerate(tickets["closed_statuses"]):
        if status.upper() not in words["statuses"]:
            check_name(status, (), "status", below(path, f"closed_statuses[{number}]"), problems)
    for priority in tickets["due_hours"]:
        if priority.upper() not in words["priorities"]:
            check_name(priority, (), "priority", below(path, f"due_hours.{priority}"), problems)


TICKETS_SCHEMA: Final = Struct(
    {
        "statuses": optional(CODES, []),
        "closed_statuses": optional(CODES, []),
        "priorities": optional(CODES, []),
        "departments": optional(CODES, []),
        "due_hours": optional(MapOf(Text(_CODE_LENGTH), Whole(1, _MOST_HOURS)), {}),
    },
    _check_tickets,
)


def _check_choice(choice: dict[str, Any], path: str, problems: Problems) -> None:
    if choice["closed"] and choice["kind"] != Kind.STATUS:
        problems.add(below(path, "closed"), "only a status closes tickets")
    if choice["due_hours"] is not None and choice["kind"] != Kind.PRIORITY:
        problems.add(below(path, "due_hours"), "only a priority has a time")


# One word, as the back office edits it.
TICKET_CHOICE: Final = Struct(
    {
        "kind": required(OneOf(*Kind.values)),
        "code": required(column_text(TicketChoice, "code")),
        "closed": optional(Flag(), default=False),
        "due_hours": optional(Whole(1, _MOST_HOURS)),
        "active": ACTIVE,
    },
    _check_choice,
)


def load_tickets(document: Document, rows: RowChanges) -> None:
    """Make the words equal to the document."""
    rows.apply(CHOICE_TABLE, list(_wanted(document["tickets"] or {})))


def dump_tickets(_organization: Organization) -> dict[str, Any]:
    """The active words by list, in their order."""
    active = list(TicketChoice.objects.filter(is_active=True))
    return {
        **{key: [row.code for row in active if row.kind == kind] for kind, key in LISTS.items()},
        "closed_statuses": [row.code for row in active if row.is_closed],
        "due_hours": {row.code: row.due_hours for row in active if row.due_hours is not None},
    }


TICKETS: Final = Section(name="tickets", schema=optional(TICKETS_SCHEMA), load=load_tickets, dump=dump_tickets)


def _wanted(tickets: dict[str, Any]) -> Iterator[WantedRow]:
    closed = {status.upper() for status in tickets.get("closed_statuses", ())}
    hours = {priority.upper(): hours for priority, hours in tickets.get("due_hours", {}).items()}
    for kind, key in LISTS.items():
        words: Sequence[str] = tickets.get(key, ())
        for number, word in enumerate(words):
            code = word.upper()
            values = {
                "kind": kind.value,
                "code": code,
                "is_closed": kind == Kind.STATUS and code in closed,
                "due_hours": hours.get(code) if kind == Kind.PRIORITY else None,
                "position": number,
                "is_active": True,
            }
            yield WantedRow((kind.value, code), f"tickets.{key}[{number}]", values)
