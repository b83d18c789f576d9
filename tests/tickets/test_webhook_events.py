"""Tickets announced to webhook endpoints (docs/webhooks.md)."""

from pathlib import Path

import pytest
import time_machine

from customers.profile.models import Customer
from organizations.audit.actors import till_actor
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.webhooks import announced, listen
from tests.imports import run_import, write_lines
from tickets.choices.catalog import load_ticket_choices
from tickets.ticket.models import Ticket
from tickets.ticket.rules import TicketInput
from tickets.ticket.services import change_ticket, comment_on_ticket, open_ticket, reopen_ticket, work_on_ticket

pytestmark = pytest.mark.django_db


def opened(asha: Customer, till: Till, **given: str) -> Ticket:
    """A ticket of Asha's that the till opens."""
    by = till_actor(till, till.organization)
    return open_ticket(asha.pk, TicketInput(**{"subject": "Lamp", **given}), choices=load_ticket_choices(), by=by)


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
def test_an_opened_ticket_is_announced_as_it_is(asha: Customer, till: Till, words: Organization) -> None:
    listen(till.organization, "ticket.opened", "ticket.changed")
    ticket = opened(asha, till, priority="HIGH", department="STORE", assigned_to="robin")
    (event,) = announced()
    assert (event.kind, event.customer_id, f"{event.occurred_at:%F %T}") == ("ticket.opened", asha.pk, "2026-03-01 12:00:00")
    assert event.facts == {
        "ticket": {
            "code": ticket.code,
            "subject": "Lamp",
            "status": "OPEN",
            "priority": "HIGH",
            "department": "STORE",
            "assigned_to": "robin",
            "created_at": "2026-03-01T12:00:00Z",
            "due_at": "2026-03-01T16:00:00Z",
            "closed_at": None,
        }
    }


def test_a_changed_ticket_is_announced_unless_nothing_changed(asha: Customer, till: Till, words: Organization) -> None:
    listen(till.organization, "ticket.opened", "ticket.changed")
    by, choices = till_actor(till, till.organization), load_ticket_choices()
    ticket = change_ticket(opened(asha, till), TicketInput(message="It flickers"), choices=choices, by=by)
    change_ticket(ticket, TicketInput(message="It flickers"), choices=choices, by=by)
    assert [(event.kind, event.facts["ticket"]["code"]) for event in announced()] == [
        ("ticket.opened", ticket.code), ("ticket.changed", ticket.code),
    ]  # fmt: skip


def test_what_staff_do_with_a_ticket_is_announced_once(asha: Customer, till: Till, words: Organization) -> None:
    ticket, by, choices = opened(asha, till), till_actor(till, till.organization), load_ticket_choices()
    listen(till.organization, "ticket.opened", "ticket.changed")
    closed = work_on_ticket(ticket, TicketInput(status="CLOSE"), comment="Replaced", choices=choices, by=by)
    again = reopen_ticket(closed, status="INPROGRESS", reason="Broken again", choices=choices, by=by)
    comment_on_ticket(again, "Ordered", by=by)
    changes = [event.facts["ticket"] for event in announced("ticket.changed")]
    assert [(facts["status"], facts["closed_at"] is None) for facts in changes] == [("CLOSE", False), ("INPROGRESS", True)]
    assert len(announced()) == 2


def test_tickets_of_files_are_announced(asha: Customer, till: Till, words: Organization, tmp_path: Path) -> None:
    known = opened(asha, till, subject="Kettle")
    listen(till.organization, "ticket.opened", "ticket.changed")
    path = write_lines(
        tmp_path / "tickets.csv",
        "id,subject,status,code,created_on",
        f"{asha.pk},Kettle,CLOSE,{known.code},",
        f"{asha.pk},Lamp,,,2020-01-01",
        # One row opens it and the next one closes it: it is announced as the file leaves it.
        f"{asha.pk},Parcel,,z00000001,2020-01-02",
        f"{asha.pk},Parcel,CLOSE,z00000001,2020-01-02",
        f"{asha.pk},,,,",
    )
    assert run_import("import_tickets", path).counts == (2, 2, 0, 1)
    facts = [(event.kind, event.customer_id, event.facts["ticket"]["subject"]) for event in announced()]
    assert facts == [
        ("ticket.opened", asha.pk, "Lamp"), ("ticket.opened", asha.pk, "Parcel"), ("ticket.changed", asha.pk, "Kettle"),
    ]  # fmt: skip
    assert announced()[1].facts["ticket"]["status"] == "CLOSE"
    run_import("import_tickets", path)
    assert len(announced()) == 3


def test_tickets_are_announced_to_nobody_who_does_not_listen(asha: Customer, till: Till, words: Organization) -> None:
    listen(till.organization, "customer.registered")
    opened(asha, till)
    assert announced() == []
