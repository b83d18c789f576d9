"""Factories of tickets and of the words that they use."""

from datetime import UTC, datetime
from typing import Any

from factory import LazyAttribute, SelfAttribute, Sequence, SubFactory, Trait

from organizations.tenancy.models import Organization
from tests.factories.base import TenantFactory
from tests.factories.customers import CustomerFactory
from tests.factories.organizations import OrganizationFactory
from tickets.choices.models import TicketChoice
from tickets.ticket.models import Ticket
from tickets.ticket.rules import subject_key

Kind = TicketChoice.Kind
OPENED = datetime(2026, 1, 5, 12, tzinfo=UTC)


class TicketChoiceFactory(TenantFactory):
    """A department; `status` and `priority` are the other kinds."""

    class Meta:
        model = TicketChoice

    class Params:
        status = Trait(kind=Kind.STATUS)
        priority = Trait(kind=Kind.PRIORITY)

    organization = SubFactory(OrganizationFactory)
    kind = Kind.DEPARTMENT
    code = Sequence("WORD{}".format)
    position = Sequence(int)


class TicketFactory(TenantFactory):
    """An open ticket; `closed` is closed an hour later."""

    class Meta:
        model = Ticket

    class Params:
        closed = Trait(status="CLOSE", closed_at=datetime(2026, 1, 5, 13, tzinfo=UTC))

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    code = Sequence("t{:08}".format)
    subject = Sequence("Broken kettle {}".format)
    subject_folded = LazyAttribute(lambda ticket: subject_key(ticket.subject))
    status = "OPEN"
    priority = "MEDIUM"
    created_at = OPENED
    recorded_at = SelfAttribute("created_at")
    made_by = "till:x"


def use_words(organization: Organization, **due_hours: Any) -> None:
    """The words of the acceptance organization: OPEN, INPROGRESS, CLOSE; LOW, MEDIUM, HIGH; INTERNAL, STORE.

    `due_hours` are those of priorities, by their names.
    """
    for number, status in enumerate(("OPEN", "INPROGRESS", "CLOSE")):
        TicketChoiceFactory(organization=organization, status=True, code=status, position=number, is_closed=status == "CLOSE")
    for number, priority in enumerate(("LOW", "MEDIUM", "HIGH")):
        hours = due_hours.get(priority)
        TicketChoiceFactory(organization=organization, priority=True, code=priority, position=number, due_hours=hours)
    for number, department in enumerate(("INTERNAL", "STORE")):
        TicketChoiceFactory(organization=organization, code=department, position=number)
