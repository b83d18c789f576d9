"""customer/tickets: tickets, opened, changed and listed (docs/protocol.md 4.10)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.echoes import echo_identifiers
from customers.api.items import find_named
from customers.api.reads import read_outcomes, reading_of
from customers.api.subjects import lock_named
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import merged
from loyalty_project.api.envelope import customer_answer, customers_answer, request_items
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome
from loyalty_project.protocol.values import Item, child, optional, text
from organizations.api.batches import answer_batch
from organizations.api.call import Call
from organizations.api.views import TillViewSet
from tickets.choices.catalog import load_ticket_choices
from tickets.ticket import openapi
from tickets.ticket.fields import load_ticket_fields
from tickets.ticket.filters import TicketFilters
from tickets.ticket.models import Ticket
from tickets.ticket.sections import TICKETS, tickets_of_customers
from tickets.ticket.serializers import TicketSerializer
from tickets.ticket.services import CONSTRAINTS, change_ticket, find_ticket, open_ticket

ADDED: Final = "Ticket added successfully"
RETRIEVED: Final = "Ticket retrieved successfully"
ALL_DONE: Final = "SUCCESS"
KEYS: Final = ("mobile", "email", "external_id", "id")
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {**{key: (key,) for key in KEYS}, "id": ("id", "user_id")}


class TicketViewSet(TillViewSet):
    """The action customer/tickets."""

    @action(detail=False, methods=["get"])
    @described(openapi.READ)
    def tickets(self, _request: Request, **_kwargs: object) -> Response:
        """Read the tickets of customers that pass the filters."""
        query = self.query
        asked = read_lookup_query(query, limit=self.call.policy.batch_limit)
        return self.answer(customer_answer(read_tickets(asked, query, call=self.call), message=ALL_DONE))

    @tickets.mapping.post
    @described(openapi.WRITE)
    def keep_ticket(self, _request: Request, **_kwargs: object) -> Response:
        """Open a ticket, or change one."""
        call = self.call
        items = [_with_identifier(item, self.query) for item in request_items(self.payload(), limit=1)]
        return answer_batch(
            self,
            items,
            partial(keep_item, call=call),
            action="customer/tickets",
            compose=partial(customers_answer, totals=False, message=ALL_DONE),
            echo=echo_identifiers,
            fallback=Code.TICKET_FAILED,
            constraints=CONSTRAINTS,
            whose=partial(lock_named, call=call),
        )


def keep_item(item: Item, *, call: Call) -> Done:
    """Open or change the ticket of an item.

    Raises `LoyaltyError`: 1015, 400, 1042, 1012 or 1011 for the customer, then 1303 and 1302 (`TicketSerializer.read`,
    `find_ticket`); `django.db` errors as `open_ticket`.
    """
    found, identified = _find_customer(item, call)
    sent = child(item, "ticket")
    code = optional(sent, "ticket_code", "code")
    customer_id = found.customer.pk
    known = find_ticket(code, customer_id=customer_id) if code else None
    notices: list[Notice] = []
    choices = call.configuration.part(load_ticket_choices)
    context = {"choices": choices, "fields": call.configuration.part(load_ticket_fields), "notices": notices}
    given = TicketSerializer(data=sent, partial=known is not None, context=context).read()
    if known is None:
        ticket = open_ticket(customer_id, given, choices=choices, by=call.actor)
    else:
        ticket = change_ticket(known, given, choices=choices, by=call.actor)
    survivor = [Notice(Code.SURVIVOR_RETRIEVED)] if found.is_merged else []
    return Done(
        body={**identified, "id": str(customer_id), "ticket": print_ticket(ticket, context)},
        message=ADDED,
        code=Code.TICKET_DONE,
        warnings=in_numeric_order([*survivor, *notices, *call.notices]),
        subject=customer_id,
    )


def print_ticket(ticket: Ticket, context: Mapping[str, Any]) -> dict[str, Any]:
    """A ticket as answers to POST print it."""
    return dict(TicketSerializer(ticket, context=dict(context)).data)


def read_tickets(asked: LookupQuery, query: Mapping[str, str], *, call: Call) -> list[Outcome]:
    """An outcome for each value asked for, in order; an unreadable filter fails all of them with 400."""
    try:
        conditions = TicketFilters(query, zone=call.configuration.zone).conditions()
    except LoyaltyError as refusal:
        code = refusal.code
        return read_outcomes(asked, reading_of(call, query), (), lambda _found: code)
    reading = reading_of(call, query, options=conditions.values)
    sections = (identifiers(reading), tickets_of_customers(conditions.texts))
    return read_outcomes(asked, reading, sections, _listed)


def _listed(found: Found) -> Done:
    parts = merged(found.parts)
    body = {
        "firstname": found.customer.firstname,
        "lastname": found.customer.lastname,
        **{key: parts.get(key) for key in ("email", "mobile", "external_id")},
        "id": str(found.customer.pk),
        "tickets": parts[TICKETS],
    }
    return Done(body=body, message=RETRIEVED, code=Code.TICKET_DONE)


def _with_identifier(item: Item, query: Mapping[str, str]) -> Item:
    """The item with the identifiers of the query, unless it has one itself."""
    if not isinstance(item, dict) or any(item.get(name) for names in _NAMES.values() for name in names):
        return item
    return {**item, **{name: query[name] for names in _NAMES.values() for name in names if query.get(name)}}


def _find_customer(item: Item, call: Call) -> tuple[Found, dict[str, Any]]:
    """The customer of the item's first identifier, and their identifiers. Raises `LoyaltyError`."""
    given = {key: text(item, *names) for key, names in _NAMES.items()}
    key = next((key for key in KEYS if given[key]), None)
    if key is None:
        raise LoyaltyError(Code.IDENTIFIER_MISSING)
    reading = reading_of(call, {})
    found = find_named(key, given[key], reading, (identifiers(reading),))
    parts = merged(found.parts)
    return found, {name: parts.get(name) for name in ("email", "mobile", "external_id")}
