"""Recommendations and pairs of items in the back office, and on a customer's page."""

from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.recommendations.models import ItemPair
from engagement.recommendations.panels import recommendations_panel
from organizations.locations.models import Till
from organizations.staff.models import StaffMember
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.customers import CustomerFactory
from tests.factories.recommendations import RecommendationFactory, basket, pair
from tests.factories.staff import StaffMemberFactory

RECOMMENDATIONS, PAIRS = "engagement_recommendation", "engagement_itempair"


@pytest.fixture
def asha(till: Till) -> Customer:
    customer: Customer = CustomerFactory(organization=till.organization, firstname="Asha", registered_store=till.store)
    return customer


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, asha: Customer, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        RecommendationFactory(customer=asha, score=Decimal("0.500"), price=Decimal(5))
    # Session, member of staff, the limit to stores, stores of the filter, recommendations, the count.
    with django_assert_num_queries(6):
        page = administrator.get(list_of(RECOMMENDATIONS))
    assert len(shown(page)) == count
    assert "0.5" in page.content.decode()


def test_a_page_shows_what_was_imported(administrator: Client, asha: Customer) -> None:
    row = RecommendationFactory(customer=asha, description="Packraft", img_url="javascript:alert(1)")
    page = administrator.get(page_of(RECOMMENDATIONS, row)).content.decode()
    assert "Packraft" in page
    assert 'href="javascript' not in page


def test_pairs_are_found_by_the_code_of_either_item(administrator: Client, till: Till) -> None:
    made = pair(till, "TENT", "BAG", "11.9")
    pair(till, "X-1", "X-2")
    for term in ("TENT", "BAG"):
        assert shown(administrator.get(list_of(PAIRS), {"q": term})) == [made]
    page = administrator.get(list_of(PAIRS)).content.decode()
    for text in ("Tent for two", "Sleeping bag", "X-1", "X-2", "11.9"):
        assert text in page
    assert "64.9" in administrator.get(page_of(PAIRS, made)).content.decode()


def test_store_staff_see_recommendations_but_no_pairs(asha: Customer, till: Till) -> None:
    RecommendationFactory(customer=asha)
    RecommendationFactory(customer__organization=till.organization)
    client = log_in(StaffMemberFactory(organization=till.organization, role="store_staff", stores=[till.store]))
    assert len(shown(client.get(list_of(RECOMMENDATIONS)))) == 1
    assert client.get(list_of(PAIRS)).status_code == 403


def agent(till: Till, role: str = "care_agent") -> StaffMember:
    member: StaffMember = StaffMemberFactory(organization=till.organization, role=role, username=role or "nobody")
    return member


def test_the_panel_shows_what_tills_read_and_why(asha: Customer, till: Till) -> None:
    RecommendationFactory(customer=asha, item_sku="RAFT", description="Packraft", score=Decimal(1))
    basket(till, "TENT", customer=asha)
    pair(till, "TENT", "BAG")
    panel = recommendations_panel(asha, organization=till.organization, seen_by=agent(till))
    assert panel is not None
    assert panel.title == "Recommendations"
    assert [(price, why) for _, price, why in panel.rows] == [
        (None, "imported"),
        ("64.90", "bought together with Tent for two"),
    ]
    assert "Packraft" in panel.rows[0][0]
    assert "BAG" in panel.rows[1][0]


def test_the_panel_needs_products_and_the_permission(asha: Customer, till: Till) -> None:
    assert recommendations_panel(asha, organization=till.organization, seen_by=agent(till)) is None
    RecommendationFactory(customer=asha)
    assert recommendations_panel(asha, organization=till.organization, seen_by=agent(till, role="")) is None


def test_the_panel_shows_five_in_one_query(
    asha: Customer, till: Till, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(7):
        RecommendationFactory(customer=asha)
    seen_by = agent(till)
    assert recommendations_panel(asha, organization=till.organization, seen_by=seen_by)
    # The configuration's version, and the read.
    with django_assert_num_queries(2):
        panel = recommendations_panel(asha, organization=till.organization, seen_by=seen_by)
    assert panel is not None
    assert len(panel.rows) == 5
    assert not ItemPair.objects.exists()
