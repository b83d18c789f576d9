"""Interactions in the back office: lists, pages, and the tables on the customer's page."""

from decimal import Decimal

import pytest
from django.test import Client
from engagement.interactions.panels import interactions_panel, surveys_panel, tone_of
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from organizations.back_office.tables import Table
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from tests.back_office import list_of, page_of, shown, table_texts
from tests.factories.bills import at
from tests.factories.customers import CustomerFactory
from tests.factories.interactions import InteractionFactory, NotificationFactory, SurveyFactory

INTERACTIONS, NOTIFICATIONS = "engagement_interaction", "engagement_notification"


def tables_of(browser: Client, customer: Customer) -> dict[str, Table]:
    tables: list[Table] = browser.get(page_of("customers_customer", customer)).context["tables"]
    return {table.title: table for table in tables}


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
    # Session, member of staff, the limit to stores, the number of rows, rows.
    with django_assert_num_queries(5):
        answer = administrator.get(list_of(noun))
    assert len(shown(answer)) == count


@pytest.mark.parametrize(
    ("query", "count"), [("network=twitter", 1), ("network=facebook", 0), ("type__exact=survey", 1), ("type__exact=sms", 0)]
)
def test_interactions_are_filtered(administrator: Client, anna: Customer, query: str, count: int) -> None:
    InteractionFactory(customer=anna, network="twitter", type="tweet")
    SurveyFactory(customer=anna)
    assert len(shown(administrator.get(f"{list_of(INTERACTIONS)}?{query}"))) == count


def test_a_page_has_all_that_is_known(auditor: Client, anna: Customer) -> None:
    place = InteractionFactory(
        customer=anna, network="foursquare", type="checkin", latitude=Decimal("12.97"), longitude=Decimal("77.59")
    )
    page = auditor.get(page_of(INTERACTIONS, place)).content.decode()
    assert "Foursquare" in page
    assert "12.97, 77.59" in page
    feed = NotificationFactory(customer=anna, subject="Your order")
    page = auditor.get(page_of(NOTIFICATIONS, feed)).content.decode()
    assert "WeChat" in page
    assert "Your order" in page
    assert "–" in auditor.get(page_of(INTERACTIONS, SurveyFactory(customer=anna))).content.decode()


def test_the_customers_page_lists_interactions_and_surveys(seller: Client, anna: Customer) -> None:
    assert not {"Interactions", "Surveys"} & tables_of(seller, anna).keys()
    InteractionFactory(customer=anna, subject="Hello", receiver="919812300001", status="SEEN")
    SurveyFactory(customer=anna, sent_by="till 1")
    SurveyFactory(customer=anna, nps_score=None, completed_at=None, survey_name="", occurred_at=at("2026-02-01 10:00:00"))
    tables = tables_of(seller, anna)
    assert [row[1:] for row in table_texts(tables["Interactions"])] == [
        ["sms capillary", "Hello", "SHOP", "919812300001", "SEEN"],
    ]  # fmt: skip
    assert [(row[0], row[1], row[4]) for row in table_texts(tables["Surveys"])] == [
        ("Survey", "–", "–"), ("Spring", "9", "till 1"),
    ]  # fmt: skip
    assert len(shown(seller.get(tables["Surveys"].link))) == 2


def test_scores_have_the_tones_of_promoters_and_detractors() -> None:
    assert [tone_of(score) for score in (0, 6, 7, 8, 9, 10)] == ["bad", "bad", "", "", "good", "good"]


def test_a_member_without_permission_has_no_panels(organization: Organization, anna: Customer) -> None:
    nobody = StaffMember(username="nobody", is_active=False)
    for panel in (interactions_panel, surveys_panel):
        assert panel(anna, organization=organization, seen_by=nobody) is None
