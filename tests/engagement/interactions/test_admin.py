"""Interactions in the back office: lists, pages, and the tables on the customer's page."""

from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.interactions.timeline import tone_of
from organizations.tenancy.models import Organization
from tests.back_office import list_of, page_of, shown
from tests.factories.bills import at
from tests.factories.customers import CustomerFactory
from tests.factories.interactions import InteractionFactory, NotificationFactory, SurveyFactory

INTERACTIONS, NOTIFICATIONS = "engagement_interaction", "engagement_notification"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("noun", "factory"), [(INTERACTIONS, InteractionFactory), (NOTIFICATIONS, NotificationFactory)])
def test_the_lists_cost_the_same_for_any_number(
    administrator: Client,
    organization: Organization,
    noun: str,
    factory: type[InteractionFactory],
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(count):
        factory(customer=CustomerFactory(organization=organization))
    # Session, member of staff, the limit to stores, the number of rows, rows, the count.
    with django_assert_num_queries(6):
        answer = administrator.get(list_of(noun))
    assert len(shown(answer)) == count


@pytest.mark.parametrize(
    ("query", "count"), [("network=twitter", 1), ("network=facebook", 0), ("type__exact=survey", 1), ("type__exact=sms", 0)]
)
def test_interactions_are_filtered(administrator: Client, anna: Customer, query: str, count: int) -> None:
    InteractionFactory(customer=anna, network="twitter", type="tweet")
    SurveyFactory(customer=anna)
    assert len(shown(administrator.get(f"{list_of(INTERACTIONS)}?{query}"))) == count


def test_a_page_has_all_that_is_known(administrator: Client, anna: Customer) -> None:
    place = InteractionFactory(
        customer=anna, network="foursquare", type="checkin", latitude=Decimal("12.97"), longitude=Decimal("77.59")
    )
    page = administrator.get(page_of(INTERACTIONS, place)).content.decode()
    assert "Foursquare" in page
    assert "12.97, 77.59" in page
    feed = NotificationFactory(customer=anna, subject="Your order")
    page = administrator.get(page_of(NOTIFICATIONS, feed)).content.decode()
    assert "WeChat" in page
    assert "Your order" in page
    assert "–" in administrator.get(page_of(INTERACTIONS, SurveyFactory(customer=anna))).content.decode()


def test_the_customers_page_lists_interactions_and_surveys(seller: Client, anna: Customer) -> None:
    InteractionFactory(customer=anna, subject="Hello", receiver="919812300001", status="SEEN")
    SurveyFactory(customer=anna, sent_by="till 1")
    SurveyFactory(customer=anna, nps_score=None, completed_at=None, survey_name="", occurred_at=at("2026-02-01 10:00:00"))
    rows = seller.get(page_of("customers_customer", anna), {"tab": "messages"}).context["timeline"].rows
    assert [(row.title, row.state, row.tone) for row in rows] == [
        ("Survey", "", ""), ("Survey Spring", "NPS score 9", "good"), ("SMS", "seen", ""),
    ]  # fmt: skip
    assert [row.note for row in rows] == ["own channels", "own channels", "Hello"]
    assert ("To", "919812300001") in rows[2].facts
    assert ("Sent by", "till 1") in rows[1].facts


def test_scores_have_the_tones_of_promoters_and_detractors() -> None:
    assert [tone_of(score) for score in (0, 6, 7, 8, 9, 10)] == ["bad", "bad", "", "", "good", "good"]
