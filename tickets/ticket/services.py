"""What is done with tickets: open, change, comment, assign, reopen. Every change has an audit entry."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from customers.profile.locks import lock_customer, lock_customers
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat, lock
from loyalty_project.db.rows import insert_with_ids
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from tickets.choices.catalog import TicketChoices
from tickets.ticket.drawing import draw_codes
from tickets.ticket.models import Ticket, TicketComment
from tickets.ticket.rules import WRITTEN, TicketInput, change, fill
from tickets.webhook_events import CHANGED, OPENED, announce_tickets

NOUN: Final = "ticket"
# The code of each broken constraint. Two adds of one subject meet the first: nothing else keeps them apart.
CONSTRAINTS: Final[Mapping[str, Code]] = {
    "ticket_open_subject_unique": Code.TICKET_SUBJECT_EXISTS,
    "ticket_code_unique": Code.TICKET_FAILED,
}


class TicketRefusedError(ValueError):
    """The ticket cannot be changed so. The text is the reason, for staff. Nothing has changed."""


@transaction.atomic(savepoint=False)
def open_ticket(customer_id: int, given: TicketInput, *, choices: TicketChoices, by: Actor) -> Ticket:
    """Open a ticket of a customer, who is locked; `given` has a subject.

    Raises `django.db` errors for a customer whose lock is not free (55P03) or who was merged or erased meanwhile (40001), and
    for a second open ticket of a subject (`CONSTRAINTS`); `LoyaltyError` 1302 without a free code.
    """
    customer = lock_customer(customer_id)
    now = clock.now()
    ticket = Ticket(
        organization_id=by.organization.pk,
        customer=customer,
        code=draw_codes(1)[0],
        created_at=now,
        recorded_at=now,
        till=by.till,
        store=by.store,
        made_by=by.name,
    )
    fill(ticket, given, choices=choices)
    insert_with_ids([ticket])
    record_changes([opening_of(ticket)], by=by)
    announce_tickets(OPENED, [ticket], organization=by.organization)
    return ticket


@transaction.atomic(savepoint=False)
def change_ticket(ticket: Ticket, given: TicketInput, *, choices: TicketChoices, by: Actor) -> Ticket:
    """Change a ticket by what is given; the ticket as it is then. Locks the customer, then the ticket.

    Errors as `open_ticket`: reopening one whose subject has another open ticket breaks the constraint too.
    """
    held = _lock(ticket)
    now = clock.now()
    _change(held, given, choices=choices, by=by, now=now)
    return held


def find_ticket(code: str, *, customer_id: int) -> Ticket:
    """The customer's ticket of this code, in any case. Raises `LoyaltyError` 1302."""
    ticket = Ticket.objects.filter(code=code.lower(), customer=customer_id).first()
    if ticket is None:
        raise LoyaltyError(Code.TICKET_FAILED, key="ticket_code")
    return ticket


def refuse_history(ticket: Ticket) -> None:
    """Raise `TicketRefusedError` for a ticket that a merge has left with the merged customer."""
    if ticket.customer.merged_into_id is not None:
        raise TicketRefusedError("The customer was merged into another one, who has an open ticket of this subject.")


@transaction.atomic
def work_on_ticket(ticket: Ticket, given: TicketInput, *, comment: str = "", choices: TicketChoices, by: Actor) -> Ticket:
    """Change a ticket as staff do, with a comment unless it is blank.

    Raises `TicketRefusedError` for a ticket that is history by a merge; other errors as `change_ticket`.
    """
    refuse_history(ticket)
    changed = change_ticket(ticket, given, choices=choices, by=by)
    if comment:
        _comment(changed, comment, by=by)
    return changed


@transaction.atomic
def reopen_ticket(ticket: Ticket, *, status: str, reason: str, choices: TicketChoices, by: Actor) -> Ticket:
    """Reopen a closed ticket with an open status; the reason becomes a comment.

    Raises `TicketRefusedError` if it is open already or history by a merge; other errors as `change_ticket`.
    """
    refuse_history(ticket)
    held = _lock(ticket)
    if held.is_open:
        raise TicketRefusedError("The ticket is open already.")
    now = clock.now()
    _change(held, TicketInput(status=status), choices=choices, by=by, now=now)
    _comment(held, reason, by=by)
    return held


@transaction.atomic
def comment_on_ticket(ticket: Ticket, text: str, *, by: Actor) -> TicketComment:
    """Add a comment (1 to 4,000 characters) for colleagues. Comments on closed tickets, and on history, are possible.

    Locks the customer. Errors as `open_ticket`.
    """
    customer = ticket.customer
    lock_customers([customer.merged_into_id or customer.pk], merged=[customer.pk])
    return _comment(ticket, text, by=by)


def opening_of(ticket: Ticket) -> Change:
    """The audit entry of a new ticket."""
    new = {"customer": ticket.customer_id, "code": ticket.code, "subject": ticket.subject, "status": ticket.status}
    return Change(action="opened", object_type=NOUN, object_id=ticket.pk, new=new)


def _lock(ticket: Ticket) -> Ticket:
    """The ticket, locked after its customer. Raises as `open_ticket`."""
    customer = lock_customer(ticket.customer_id)
    held = lock(Ticket.objects.filter(pk=ticket.pk)).get()
    if held.customer_id != customer.pk:
        ask_to_repeat("a merge was made or undone meanwhile")
    held.customer = customer
    return held


def _change(ticket: Ticket, given: TicketInput, *, choices: TicketChoices, by: Actor, now: datetime) -> None:
    difference = change(ticket, given, choices=choices, now=now)
    if difference is None:
        return
    ticket.save(update_fields=WRITTEN)
    record_changes(
        [
            Change(
                action=difference.action,
                object_type=NOUN,
                object_id=ticket.pk,
                old=difference.old,
                new=difference.new,
            )
        ],
        by=by,
    )
    announce_tickets(CHANGED, [ticket], organization=by.organization)


def _comment(ticket: Ticket, text: str, *, by: Actor) -> TicketComment:
    comment = TicketComment.objects.create(
        organization_id=by.organization.pk, ticket=ticket, text=text, at=clock.now(), made_by=by.name
    )
    record_changes([Change(action="commented", object_type=NOUN, object_id=ticket.pk, new={"comment": text})], by=by)
    return comment


def comments_of(ticket: Ticket) -> Sequence[TicketComment]:
    """The comments on a ticket, the first one first."""
    return list(ticket.comments.order_by("pk"))
