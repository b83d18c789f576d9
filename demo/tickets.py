"""Tickets of the demo's customers: invented ones, opened by tills and worked on by staff; for one a customer gets points."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from customers.profile.models import Customer
from engagement.adjustments.posting import Draft
from engagement.adjustments.rules import limit_of
from engagement.points.models import PointsAccount
from organizations.audit.actors import Actor, staff_actor
from organizations.configuration import current_configuration
from organizations.staff.models import StaffMember
from tickets.choices.catalog import TicketChoices, load_ticket_choices
from tickets.links.services import give_points
from tickets.ticket.imports import TicketRow, import_tickets
from tickets.ticket.models import Ticket
from tickets.ticket.rules import TicketInput
from tickets.ticket.services import work_on_ticket

AGENT: Final = "tomas"
# Of so many customers one has a ticket.
_EVERY: Final = 11


@dataclass(frozen=True, slots=True)
class _Case:
    """A ticket that came so many hours ago, what staff did since, and goodwill in points."""

    given: TicketInput
    hours: int
    done: TicketInput | None = None
    comment: str = ""
    points: int = 0


def _said(subject: str, message: str, priority: str, department: str, by: str) -> TicketInput:
    return TicketInput(subject=subject, message=message, priority=priority, department=department, reported_from=by)


_CASES: Final = (
    _Case(
        _said("Parcel came a week late", "The tent was for our trip, which is over.", "HIGH", "WEB", "EMAIL"),
        hours=76,
        done=TicketInput(status="CLOSE", assigned_to=AGENT),
        comment="The carrier lost it and found it again. Said sorry on the telephone and gave points.",
        points=75,
    ),
    _Case(
        _said("Zip of a jacket is broken", "Bought in the autumn, hardly worn.", "MEDIUM", "REPAIRS", "CLIENT"),
        hours=52,
        done=TicketInput(status="WAITING", assigned_to="ines"),
        comment="Sent to the workshop. They write when it is mended.",
    ),
    _Case(
        _said("Points of a bill are missing", "The till said that my card was read.", "HIGH", "STORE", "CALLCENTER"),
        hours=30,
        done=TicketInput(status="INPROGRESS", assigned_to=AGENT),
    ),
    _Case(_said("Where is the catalogue?", "You wrote that it comes by post.", "LOW", "STORE", "MICROSITE"), hours=20),
    _Case(
        _said("Paddle is the wrong length", "The label says 230, it is 220.", "MEDIUM", "WEB", "CLIENT"),
        hours=9,
        done=TicketInput(assigned_to=AGENT),
        comment="Asked for a picture of the label.",
    ),
    _Case(_said("Boots for a colder winter", "Which do you keep in size 48?", "LOW", "STORE", "SOCIAL"), hours=5),
    _Case(_said("Charged twice for one lantern", "Both amounts are on my statement.", "HIGH", "STORE", "CALLCENTER"), hours=2),
    _Case(
        _said("Thanks to the workshop", "My old stove is as good as new.", "LOW", "REPAIRS", "EMAIL"),
        hours=200,
        done=TicketInput(status="CLOSE", assigned_to="ines"),
        comment="Passed on to the workshop.",
    ),
)


def open_demo_tickets(customers: Sequence[Customer], *, by: Actor, now: datetime) -> int:
    """Open tickets for some of the customers and work on them; the number of tickets.

    Does nothing if there are tickets already, of an older edition or of a user. Call it in a transaction.
    """
    if Ticket.objects.exists():
        return 0
    organization = by.organization
    choices = current_configuration().part(load_ticket_choices)
    member = StaffMember.objects.get(organization=organization, username=AGENT)
    agent, limit = staff_actor(member, organization), limit_of(member.role, organization.policy)
    merged = set(Customer.objects.filter(merged_into__isnull=False).values_list("pk", flat=True))
    owners = [customer.pk for customer in customers if customer.pk not in merged][::_EVERY][: len(_CASES)]
    rows = [
        TicketRow(customer_id=pk, given=case.given, code="", created_at=now - timedelta(hours=case.hours))
        for pk, case in zip(owners, _CASES, strict=False)
    ]
    import_tickets(rows, choices=choices, by=by)
    for ticket in Ticket.objects.filter(customer__in=owners).select_related("customer"):
        case = next(case for case in _CASES if case.given.subject == ticket.subject)
        _work(ticket, case, limit=limit, choices=choices, by=agent)
    return len(rows)


def _work(ticket: Ticket, case: _Case, *, limit: Decimal, choices: TicketChoices, by: Actor) -> None:
    account = PointsAccount.objects.filter(customer=ticket.customer_id, moved_to=None).select_related("customer").first()
    if case.points and account is not None:
        draft = Draft(points=Decimal(case.points), reason=ticket.subject)
        give_points(ticket, account, draft, limit=limit, by=by)
    if case.done is not None:
        work_on_ticket(ticket, case.done, comment=case.comment, choices=choices, by=by)
