"""Comments, assignment, reopening; and merges of customers with tickets."""

import pytest
from django.db import IntegrityError, transaction

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.adjustments import staff_of
from tests.factories.tickets import TicketFactory
from tests.use_cases.merges import merge, undo
from tickets.choices.catalog import TicketChoices, load_ticket_choices
from tickets.ticket.models import Ticket, TicketComment
from tickets.ticket.rules import TicketInput
from tickets.ticket.services import (
    TicketRefusedError,
    comment_on_ticket,
    comments_of,
    reopen_ticket,
    work_on_ticket,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def choices(words: Organization) -> TicketChoices:
    return load_ticket_choices()


@pytest.fixture
def ticket(asha: Customer) -> Ticket:
    made: Ticket = TicketFactory(customer=asha, subject="Broken kettle")
    return made


def actions() -> list[str]:
    entries = AuditEntry.objects.filter(object_type="ticket").order_by("pk")
    return list(entries.values_list("action", flat=True))


def test_work_changes_and_comments_in_one(ticket: Ticket, choices: TicketChoices) -> None:
    by = staff_of(ticket.organization)
    given = TicketInput(assigned_to="carla", priority="HIGH")
    changed = work_on_ticket(ticket, given, comment="Rang back", choices=choices, by=by)
    assert (changed.assigned_to, changed.priority) == ("carla", "HIGH")
    assert [(comment.text, comment.made_by) for comment in comments_of(ticket)] == [("Rang back", "staff:carla")]
    assert actions() == ["changed", "commented"]


def test_work_that_changes_nothing_notes_nothing(ticket: Ticket, choices: TicketChoices) -> None:
    work_on_ticket(ticket, TicketInput(status="OPEN"), choices=choices, by=staff_of(ticket.organization))
    assert actions() == []


def test_a_comment_is_never_changed(ticket: Ticket) -> None:
    comment = comment_on_ticket(ticket, "Rang back", by=staff_of(ticket.organization))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TicketComment.objects.filter(pk=comment.pk).update(text="Other")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TicketComment.objects.filter(pk=comment.pk).delete()


def test_a_closed_ticket_is_reopened_with_a_reason(asha: Customer, choices: TicketChoices) -> None:
    ticket, by = TicketFactory(customer=asha, closed=True), staff_of(asha.organization)
    reopened = reopen_ticket(ticket, status="INPROGRESS", reason="It leaks again", choices=choices, by=by)
    assert (reopened.is_open, reopened.status) == (True, "INPROGRESS")
    assert [comment.text for comment in comments_of(ticket)] == ["It leaks again"]
    assert actions() == ["reopened", "commented"]
    with pytest.raises(TicketRefusedError, match="open already"):
        reopen_ticket(ticket, status="OPEN", reason="Again", choices=choices, by=by)


def test_reopening_does_not_make_two_open_tickets_of_a_subject(ticket: Ticket, asha: Customer, choices: TicketChoices) -> None:
    closed = TicketFactory(customer=asha, closed=True, subject=ticket.subject)
    with pytest.raises(IntegrityError, match="ticket_open_subject_unique"):
        reopen_ticket(closed, status="OPEN", reason="Again", choices=choices, by=staff_of(asha.organization))
    assert actions() == []


# --- merges


def test_tickets_follow_the_survivor_and_come_back(ticket: Ticket, asha: Customer, till: Till) -> None:
    twin = register(till, mobile="9812345679")
    TicketFactory(customer=twin, subject="Late parcel")
    made = merge(till, asha, twin)
    assert set(Ticket.objects.filter(customer=asha).values_list("subject", flat=True)) == {"Broken kettle", "Late parcel"}
    undo(till, made)
    assert list(Ticket.objects.filter(customer=twin).values_list("subject", flat=True)) == ["Late parcel"]


def test_of_two_open_tickets_of_a_subject_the_survivors_counts(
    ticket: Ticket, asha: Customer, till: Till, choices: TicketChoices
) -> None:
    twin = register(till, mobile="9812345679")
    same = TicketFactory(customer=twin, subject="BROKEN kettle")
    # A closed one conflicts with nothing, and moves.
    closed = TicketFactory(customer=twin, subject="broken kettle", closed=True)
    made = merge(till, asha, twin)
    assert set(Ticket.objects.filter(customer=asha)) == {ticket, closed}
    same.refresh_from_db()
    assert same.customer == twin
    with pytest.raises(TicketRefusedError, match="was merged"):
        work_on_ticket(same, TicketInput(status="CLOSE"), choices=choices, by=staff_of(asha.organization))
    with pytest.raises(TicketRefusedError, match="was merged"):
        reopen_ticket(same, status="OPEN", reason="Why", choices=choices, by=staff_of(asha.organization))
    undo(till, made)
    assert set(Ticket.objects.filter(customer=twin)) == {same, closed}
