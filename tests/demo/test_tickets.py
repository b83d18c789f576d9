"""Tickets of the demo."""

from pathlib import Path

from demo.organization import ORGANIZATION_FILE
from demo.tickets import open_demo_tickets
from engagement.points.models import PointsEntry
from engagement.programs.models import Program
from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.tenancy.scoping import organization_scope
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory
from tickets.links.models import TicketLink
from tickets.ticket.models import Ticket, TicketComment
from use_cases.organization_file import check_document, load_organization


def test_tickets_are_worked_on_and_one_has_goodwill(db: None) -> None:
    content = Path(ORGANIZATION_FILE).read_bytes()
    organization = load_organization(check_document(content, environment={})).organization
    by = command_actor("load_demo", organization)
    with organization_scope(organization):
        customers = CustomerFactory.create_batch(90, organization=organization)
        program = Program.objects.get(is_default=True)
        PointsAccountFactory(organization=organization, customer=customers[0], program=program)
        assert open_demo_tickets(customers, by=by, now=clock.now()) == Ticket.objects.count() == 8
        assert Ticket.objects.filter(closed_at=None).count() == 6
        assert TicketComment.objects.count() == 4
        ticket = TicketLink.objects.select_related("ticket").get(is_goodwill=True).ticket
        assert PointsEntry.objects.get().note == f"Ticket {ticket.code}: Parcel came a week late"
        assert open_demo_tickets(customers, by=by, now=clock.now()) == 0
