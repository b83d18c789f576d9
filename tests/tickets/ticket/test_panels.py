"""The table of tickets on a customer's page."""

import pytest

from customers.profile.models import CURRENT, Customer
from organizations.tenancy.models import Organization
from tests.back_office import table_texts
from tests.factories.customers import CustomerFactory
from tests.factories.staff import StaffMemberFactory
from tests.factories.tickets import OPENED, TicketFactory
from tickets.ticket.panels import SHOWN, tickets_panel

pytestmark = pytest.mark.django_db


def test_the_latest_tickets_are_shown(asha: Customer, organization: Organization) -> None:
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    TicketFactory(customer=asha, subject="Kettle", code="a00000000", due_at=OPENED, assigned_to="robin")
    panel = tickets_panel(asha, organization=organization, seen_by=agent)
    assert panel is not None
    assert table_texts(panel) == [["Kettle a00000000", "OPEN overdue", "MEDIUM", "2026-01-05 12:00", "robin"]]
    assert (panel.link_text, panel.footer) == ("Open a ticket", "")
    for _ in range(SHOWN):
        TicketFactory(customer=asha)
    panel = tickets_panel(asha, organization=organization, seen_by=agent)
    assert panel is not None
    assert (len(panel.rows), f"customer={asha.pk}&amp;state=all" in panel.footer) == (SHOWN, True)


def test_the_panel_is_empty_only_for_those_who_may_open_a_ticket(asha: Customer, organization: Organization) -> None:
    agent, auditor, nobody = (
        StaffMemberFactory(organization=organization, role=role, username=role or "nobody")
        for role in ("care_agent", "auditor", "")
    )
    panel = tickets_panel(asha, organization=organization, seen_by=agent)
    assert panel is not None
    assert panel.empty == "No tickets."
    assert tickets_panel(asha, organization=organization, seen_by=auditor) is None
    asha.merged_into_id = asha.pk
    assert tickets_panel(asha, organization=organization, seen_by=agent) is None
    TicketFactory(customer=asha)
    assert tickets_panel(asha, organization=organization, seen_by=nobody) is None
    shown = tickets_panel(asha, organization=organization, seen_by=auditor)
    assert shown is not None
    assert shown.link == ""


def test_nobody_opens_a_ticket_for_a_customer_who_is_not_current(asha: Customer, organization: Organization) -> None:
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    for changed in ({"erased_at": OPENED}, {"merged_into": CustomerFactory(organization=organization)}):
        gone = CustomerFactory(organization=organization, firstname="", lastname="", **changed)
        assert not gone.is_current
        assert not Customer.objects.filter(CURRENT, pk=gone.pk).exists()
        assert tickets_panel(gone, organization=organization, seen_by=agent) is None
