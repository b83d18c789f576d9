"""What the other apps show on a customer's page."""

from dataclasses import fields

import pytest

from customers.profile.models import Customer
from engagement.programs.models import Program
from loyalty_project import clock
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.bills import BillPointsFactory
from tests.factories.customers import CustomerFactory
from tests.factories.points import PointsAccountFactory
from tests.factories.programs import ProgramFactory, ProgramVersionFactory
from tests.factories.staff import StaffMemberFactory
from use_cases.customer_page import panels_of, read_customer_page, read_programs

pytestmark = pytest.mark.django_db


def test_panels_are_those_that_may_be_seen(anna: Customer, organization: Organization) -> None:
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    titles = [panel.title for panel in panels_of(anna, organization=organization, seen_by=agent)]
    assert titles == ["Tickets"]
    nobody = StaffMemberFactory(organization=organization, role="", username="nobody")
    assert panels_of(anna, organization=organization, seen_by=nobody) == []


def test_balances_of_all_programs_begin_with_the_default_one(organization: Organization) -> None:
    customer = CustomerFactory(organization=organization)
    for name in ("Outlet", "Away", "Club"):
        program = Program.objects.filter(name=name).first() or ProgramFactory(organization=organization, name=name)
        Program.objects.filter(pk=program.pk).update(is_active=name != "Outlet", is_default=name == "Club")
        PointsAccountFactory(organization=organization, program=program, customer=customer)
    cards = read_programs(customer, organization=organization)
    assert [card.program.name for card in cards] == ["Club", "Away", "Outlet"]


def test_the_first_screen_has_what_may_be_seen(anna: Customer, organization: Organization) -> None:
    nobody = StaffMemberFactory(organization=organization, role="", username="nobody")
    page = read_customer_page(anna, organization=organization, seen_by=nobody)
    assert {getattr(page, field.name) for field in fields(page)} == {None}
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    page = read_customer_page(anna, organization=organization, seen_by=agent)
    assert [len(part) for part in (page.programs or (), page.switches or ())] == [1, 4]


def test_a_tracker_of_the_next_tier_is_read(organization: Organization, till: Till) -> None:
    tracker = {"name": "visits", "type": "CUSTOMER_VISITS", "mode": "MOVING_WINDOW", "days": 30}
    upgrade = {"based_on": "TRACKER_VALUE_BASED", "threshold": 3, "tracker": "visits"}
    rules = {"trackers": [tracker], "tiers": [{"name": "Low"}, {"name": "High", "upgrade": upgrade}]}
    program = Program.objects.get(is_default=True)
    ProgramVersionFactory(program=program, number=2, rules=rules)
    customer = CustomerFactory(organization=organization)
    account = PointsAccountFactory(organization=organization, customer=customer, program=program)
    BillPointsFactory(account=account, bill__till=till, bill__billed_at=clock.now())
    (card,) = read_programs(customer, organization=organization)
    assert card.progress is not None
    assert card.progress.sentence == "2 visits to High"
