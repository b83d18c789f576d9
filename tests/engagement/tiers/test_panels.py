"""What does the back office show of the tiers of a customer?"""

import pytest
import time_machine
from django.test import Client
from engagement.tiers.panels import tiers_panel

from customers.profile.models import Customer
from engagement.points.settlement import settle_due
from engagement.programs.models import Membership
from organizations.tenancy.models import Organization
from tests.back_office import page_of
from tests.engagement.tiers.test_evaluation import SILVER, tiers
from tests.factories.bills import DAY, NOON, Shop
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def silver(northwind: Organization, shop: Shop, asha: Customer) -> Customer:
    tiers(SILVER)
    shop.record(shop.draft("lift", 1200, customer_id=asha.pk))
    return asha


def test_the_customers_page_lists_the_latest_changes(northwind: Organization, silver: Customer) -> None:
    with time_machine.travel(NOON + 400 * DAY):
        assert sum(settle_due(northwind)) == 1
    seen_by = StaffMemberFactory(organization=northwind, role="store_staff")
    panel = tiers_panel(silver, organization=northwind, seen_by=seen_by)
    assert panel is not None
    assert len(panel.rows) == 2
    assert "downgrade from Silver" in str(panel.rows[0][1])


def test_without_changes_or_permission_there_is_no_table(northwind: Organization, silver: Customer, asha: Customer) -> None:
    seen_by = StaffMemberFactory(organization=northwind, role="")
    assert tiers_panel(silver, organization=northwind, seen_by=seen_by) is None
    assert asha == silver


def test_a_membership_shows_its_changes_and_why(northwind: Organization, silver: Customer, client: Client) -> None:
    operator = StaffMemberFactory(organization=None, is_superuser=True)
    client.force_login(operator)
    page = client.get(page_of("engagement_membership", Membership.objects.get(customer=silver))).content.decode()
    assert "upgrade from Bronze to Silver. Purchases of 1,200.00 in all; 1,000 are needed." in page
    assert northwind.code
