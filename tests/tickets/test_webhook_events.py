"""Tickets announced to webhook endpoints (docs/webhooks.md)."""

import pytest

from organizations.audit.actors import till_actor
from organizations.locations.models import Till
from tests.back_office import register
from tests.factories.webhooks import announced, listen
from tickets.choices.catalog import load_ticket_choices
from tickets.ticket.rules import TicketInput
from tickets.ticket.services import change_ticket, open_ticket

pytestmark = pytest.mark.django_db


def test_tickets_are_announced_when_they_are_opened_and_changed(till: Till) -> None:
    organization = till.organization
    asha = register(till, mobile="9812312345")
    listen(organization, "ticket.opened", "ticket.changed")
    by, choices = till_actor(till, organization), load_ticket_choices()
    ticket = open_ticket(asha.pk, TicketInput(subject="Lamp"), choices=choices, by=by)
    changed = change_ticket(ticket, TicketInput(message="It flickers"), choices=choices, by=by)
    change_ticket(changed, TicketInput(message="It flickers"), choices=choices, by=by)
    (opened,) = announced("ticket.opened")
    assert (opened.customer_id, opened.facts["ticket"]["subject"]) == (asha.pk, "Lamp")
    assert [event.facts["ticket"]["code"] for event in announced("ticket.changed")] == [ticket.code]


def test_tickets_are_announced_to_nobody_who_does_not_listen(till: Till) -> None:
    organization = till.organization
    listen(organization, "customer.registered")
    open_ticket(
        register(till, mobile="9812312345").pk,
        TicketInput(subject="Lamp"),
        choices=load_ticket_choices(),
        by=till_actor(till, organization),
    )
    assert announced("ticket.opened") == []
