"""Links of tickets, and goodwill: points or a coupon that a customer gets because of a ticket, with its code as the reason."""

from dataclasses import replace
from typing import Any, Final

from django.db import transaction

from customers.profile.locks import lock_customer
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.posting import Draft
from engagement.adjustments.services import Limit, adjust_points
from engagement.bills.models import Bill
from engagement.coupons.catalog import CurrentSeries
from engagement.coupons.issuing import give_coupon
from engagement.coupons.lookup import coupons_of_codes
from engagement.coupons.models import Coupon
from engagement.points.models import PointsAccount, PointsEntry
from loyalty_project import clock
from loyalty_project.db.locks import ask_to_repeat
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import read_id
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from tickets.links.models import TARGETS, TicketLink
from tickets.ticket.models import CODE_LENGTH, Ticket
from tickets.ticket.services import NOUN, TicketRefusedError, refuse_history

_BY_CODE: Final = "Ticket {code}: {reason}"
ONLY_ADDS: Final = "Goodwill adds points. To take points, adjust them on the page of the account."
# The ledger, the history of the coupon and the adjustment keep 250 characters.
LONGEST_REASON: Final = 250 - len(_BY_CODE.format(code="x" * CODE_LENGTH, reason=""))


def reason_of(ticket: Ticket, reason: str) -> str:
    """The reason of goodwill as it is kept with the points or the coupon: it begins with the ticket's code."""
    return _BY_CODE.format(code=ticket.code, reason=reason)


@transaction.atomic
def give_points(ticket: Ticket, account: PointsAccount, draft: Draft, *, limit: Limit, by: Actor) -> PointsAdjustment:
    """Add points to an account of the ticket's customer; above `limit` they wait for approval.

    The ledger entry carries the ticket's code. Raises `TicketRefusedError` for points below zero and for a ticket that is
    history by a merge; other errors as `adjust_points`.
    """
    refuse_history(ticket)
    if draft.points < 0:
        raise TicketRefusedError(ONLY_ADDS)
    _check_customer(ticket, account.customer_id)
    named = replace(draft, reason=reason_of(ticket, draft.reason))
    adjustment = adjust_points(account, named, limit=limit, by=by)
    _link(ticket, by=by, is_goodwill=True, adjustment=adjustment)
    return adjustment


@transaction.atomic
def give_coupon_for(ticket: Ticket, series: CurrentSeries, *, reason: str, by: Actor) -> Coupon:
    """Issue a coupon of a series to the ticket's customer. Errors as `give_points` and `give_coupon`."""
    refuse_history(ticket)
    customer = lock_customer(ticket.customer_id)
    _check_customer(ticket, customer.pk)
    coupon = give_coupon(customer, series, by=by, reason=reason_of(ticket, reason))
    _link(ticket, by=by, is_goodwill=True, coupon=coupon)
    return coupon


@transaction.atomic
def link_ticket(ticket: Ticket, kind: str, name: str, *, by: Actor) -> TicketLink:
    """Link a bill (by number), a coupon (by code) or a ledger entry (by id) of the ticket's customer.

    Of several bills of one number the latest is meant. Raises `TicketRefusedError` if the customer has none, if it is linked,
    and for a ticket that is history by a merge.
    """
    refuse_history(ticket)
    lock_customer(ticket.customer_id)
    row = _FINDERS[kind](ticket.customer_id, read_code(name))
    if row is None:
        raise TicketRefusedError(f"The customer has no {KINDS[kind].lower()} {name}.")
    if TicketLink.objects.filter(ticket=ticket, **{kind: row}).exists():
        raise TicketRefusedError("It is linked already.")
    target: dict[str, Any] = {kind: row}
    return _link(ticket, by=by, **target)


def links_of(ticket: Ticket) -> list[TicketLink]:
    """The links of a ticket with their rows, the first one first: one query."""
    return list(ticket.links.select_related(*TARGETS, "adjustment__program", "entry__account").order_by("pk"))


def _check_customer(ticket: Ticket, customer_id: int) -> None:
    if Ticket.objects.values_list("customer_id", flat=True).get(pk=ticket.pk) != customer_id:
        ask_to_repeat("a merge was made or undone meanwhile")


def _link(ticket: Ticket, *, by: Actor, is_goodwill: bool = False, **target: Any) -> TicketLink:
    link = TicketLink.objects.create(
        organization_id=by.organization.pk,
        ticket=ticket,
        is_goodwill=is_goodwill,
        at=clock.now(),
        made_by=by.name,
        **target,
    )
    new = {name: describe(row) for name, row in target.items()}
    action = "goodwill given" if is_goodwill else "linked"
    record_changes([Change(action=action, object_type=NOUN, object_id=ticket.pk, new=new)], by=by)
    return link


def describe(row: Any) -> str:
    """A linked row in words."""
    return f"{row} of {row.occurred_at:%Y-%m-%d}" if isinstance(row, PointsEntry) else str(row)


def _find_bill(customer_id: int, number: str) -> Bill | None:
    return Bill.objects.filter(customer=customer_id, number=number).order_by("-billed_at", "-pk").first()


def _find_coupon(customer_id: int, code: str) -> Coupon | None:
    return coupons_of_codes([code]).filter(customer=customer_id).first()


def _find_entry(customer_id: int, pk: str) -> PointsEntry | None:
    return PointsEntry.objects.filter(account__customer=customer_id, pk=read_id(pk)).first()


KINDS: Final = {"bill": "Bill", "coupon": "Coupon", "entry": "Ledger entry"}
_FINDERS: Final = {"bill": _find_bill, "coupon": _find_coupon, "entry": _find_entry}
