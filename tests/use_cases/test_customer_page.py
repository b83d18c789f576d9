"""What the other apps show on a customer's page."""

import pytest

from customers.profile.models import Customer
from organizations.tenancy.models import Organization
from tests.factories.staff import StaffMemberFactory
from use_cases.customer_page import panels_of

pytestmark = pytest.mark.django_db


def test_panels_are_those_that_may_be_seen(anna: Customer, organization: Organization) -> None:
    agent = StaffMemberFactory(organization=organization, role="care_agent")
    assert [panel.title for panel in panels_of(anna, organization=organization, seen_by=agent)] == ["Consent"]
    nobody = StaffMemberFactory(organization=organization, role="", username="nobody")
    assert panels_of(anna, organization=organization, seen_by=nobody) == []
