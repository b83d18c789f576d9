"""What is said about a ticket, and what it makes of the ticket: pure rules."""

from datetime import UTC, datetime

from tickets.choices.catalog import TicketChoices
from tickets.choices.models import TicketChoice
from tickets.ticket.models import Ticket
from tickets.ticket.rules import TicketInput, change, fill, is_overdue, subject_key

Kind = TicketChoice.Kind
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)


def words() -> TicketChoices:
    return TicketChoices(
        [
            TicketChoice(kind=Kind.STATUS, code="NEW"),
            TicketChoice(kind=Kind.STATUS, code="DONE", is_closed=True),
            TicketChoice(kind=Kind.STATUS, code="GONE", is_closed=True, is_active=False),
            TicketChoice(kind=Kind.PRIORITY, code="FAST", due_hours=4),
            TicketChoice(kind=Kind.PRIORITY, code="SLOW"),
        ]
    )


def ticket(**given: str) -> Ticket:
    made = Ticket(created_at=NOON, recorded_at=LATER)
    fill(made, TicketInput(**{"subject": "Kettle", **given}), choices=words())
    return made


def test_a_new_ticket_gets_the_first_words_and_is_due_by_its_priority() -> None:
    made = ticket()
    assert (made.status, made.priority, made.department, made.is_open) == ("NEW", "FAST", "", True)
    assert f"{made.due_at:%F %T}" == "2026-03-01 16:00:00"
    assert ticket(priority="SLOW").due_at is None


def test_a_ticket_that_comes_closed_was_closed_when_it_was_recorded() -> None:
    assert ticket(status="DONE").closed_at == LATER


def test_a_change_says_what_it_changed_in_json() -> None:
    made = ticket()
    difference = change(made, TicketInput(status="DONE", priority="SLOW"), choices=words(), now=LATER)
    assert difference is not None
    assert difference.action == "closed"
    assert difference.old == {
        "status": "NEW", "priority": "FAST", "due_at": "2026-03-01T16:00:00+00:00", "closed_at": None,
    }  # fmt: skip
    assert difference.new == {
        "status": "DONE", "priority": "SLOW", "due_at": None, "closed_at": "2026-03-02T12:00:00+00:00",
    }  # fmt: skip


def test_nothing_new_is_no_change() -> None:
    made = ticket(message="It leaks")
    assert change(made, TicketInput(subject="Kettle", message=""), choices=words(), now=LATER) is None


def test_only_columns_that_are_cleared_become_blank() -> None:
    made = ticket(department="SHOP", assigned_to="robin")
    change(made, TicketInput(cleared=frozenset({"assigned_to"})), choices=words(), now=LATER)
    assert (made.department, made.assigned_to) == ("SHOP", "")


def test_another_closing_status_keeps_the_moment_of_closing() -> None:
    made = ticket(status="DONE")
    difference = change(made, TicketInput(status="GONE"), choices=words(), now=NOON)
    assert (difference and difference.action, made.closed_at) == ("changed", LATER)
    difference = change(made, TicketInput(status="NEW"), choices=words(), now=NOON)
    assert (difference and difference.action, made.closed_at) == ("reopened", None)


def test_values_of_fields_are_added_to_those_that_are_there() -> None:
    made = ticket()
    for values in ({"1": "a"}, {"2": "b"}):
        change(made, TicketInput(field_values=values), choices=words(), now=NOON)
    assert made.field_values == {"1": "a", "2": "b"}


def test_an_open_ticket_is_overdue_after_its_moment() -> None:
    assert is_overdue(ticket(), LATER)
    assert not is_overdue(ticket(), NOON)
    assert not is_overdue(ticket(status="DONE"), LATER)
    assert not is_overdue(ticket(priority="SLOW"), LATER)


def test_subjects_are_compared_without_case() -> None:
    assert subject_key("BROKEN Kettle") == subject_key("broken kettle")
    assert subject_key("ISTANBUL") == subject_key("\u0130stanbul")


def test_words_have_their_order_and_standard_ones_stand_in() -> None:
    none = TicketChoices([])
    assert (none.first_status, none.first_priority) == ("OPEN", "MEDIUM")
    assert (none.named(Kind.STATUS, "close"), none.named(Kind.DEPARTMENT, "store")) == ("CLOSE", None)
    assert none.closing == {"CLOSE"}
    assert none.open_statuses == ["OPEN", "INPROGRESS"]
    own = words()
    assert (own.named(Kind.STATUS, "new"), own.named(Kind.STATUS, "gone"), own.named(Kind.STATUS, "open")) == (
        "NEW",
        None,
        None,
    )
    only_closed = TicketChoices([TicketChoice(kind=Kind.STATUS, code="DONE", is_closed=True)])
    assert only_closed.first_status == "DONE"
