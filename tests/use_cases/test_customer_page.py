"""What the other apps show on a customer's page."""

import pytest

from customers.profile.models import Customer
from engagement.programs.models import Program
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory
from tests.factories.programs import ProgramFactory
from tests.factories.staff import StaffMemberFactory
from use_cases.customer_page import panels_of, read_customer_page

pytestmark = pytest.mark.django_db


def test_panels_are_those_that_may_be_seen(anna: Customer, organization: Organization) -> None:
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    titles = [panel.title for panel in panels_of(anna, organization=organization, seen_by=agent)]
    assert titles == ["Notes", "Tickets", "Consent"]
    nobody = StaffMemberFactory(organization=organization, role="", username="nobody")
    assert panels_of(anna, organization=organization, seen_by=nobody) == []


def test_balances_of_all_programs_begin_with_the_default_one(organization: Organization) -> None:
    customer = CustomerFactory(organization=organization)
    for name in ("Outlet", "Away", "Club"):
        program = Program.objects.filter(name=name).first() or ProgramFactory(organization=organization, name=name)
        Program.objects.filter(pk=program.pk).update(is_active=name != "Outlet", is_default=name == "Club")
        PointsAccountFactory(organization=organization, program=program, customer=customer)
    page = read_customer_page(customer, organization=organization)
    assert [balance.membership.program.name for balance in page.balances if balance.membership] == ["Club", "Away", "Outlet"]
