"""What does the back office show of the tiers of a customer?"""

import pytest
import time_machine
from django.test import Client

from customers.profile.models import Customer
from engagement.points.settlement import settle_due
from engagement.programs.models import Membership
from engagement.tiers.timeline import tiers_timeline
from organizations.back_office.timeline import TimelineSlice
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


def test_changes_are_rows_with_their_reasons(northwind: Organization, silver: Customer) -> None:
    with time_machine.travel(NOON + 400 * DAY):
        assert sum(settle_due(northwind)) == 1
    rows = tiers_timeline(silver, TimelineSlice(source=1, limit=9, before=None, currency="INR"))
    assert [(row.title, row.state, row.tone) for row in rows] == [
        ("Tier Silver → Bronze", "downgrade", "bad"),
        ("Tier Bronze → Silver", "upgrade", "good"),
    ]
    assert rows[1].facts[0] == ("Why", "Purchases of 1,200.00 in all; 1,000 are needed.")


def test_a_membership_shows_its_changes_and_why(northwind: Organization, silver: Customer, client: Client) -> None:
    operator = StaffMemberFactory(organization=None, is_superuser=True)
    client.force_login(operator)
    page = client.get(page_of("engagement_membership", Membership.objects.get(customer=silver))).content.decode()
    assert "upgrade from Bronze to Silver. Purchases of 1,200.00 in all; 1,000 are needed." in page
    assert northwind.code
