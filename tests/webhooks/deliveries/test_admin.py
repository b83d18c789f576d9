"""The log of deliveries in the back office, and delivering again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from loyalty_project import clock
from organizations.tenancy.models import Organization
from tests.back_office import list_of, page_of, shown
from tests.factories.organizations import OrganizationFactory
from tests.factories.webhooks import DeliveryFactory, listen
from tests.webhooks.queued import queued_endpoints
from webhooks.deliveries.admin import ERRORS
from webhooks.deliveries.models import Attempt, Delivery
from webhooks.endpoints.models import Endpoint
from webhooks.events.models import Event

NOUN = "webhooks_delivery"


@pytest.fixture
def endpoint(organization: Organization) -> Endpoint:
    return listen(organization, "customer.registered", name="CRM")


def failed(endpoint: Endpoint, **values: object) -> Delivery:
    delivery: Delivery = DeliveryFactory(
        endpoint=endpoint, state="FAILED", finished_at=clock.now(), error="status", status=503, attempts=30, **values
    )
    return delivery


def test_a_delivery_shows_its_body_and_every_attempt(administrator: Client, endpoint: Endpoint) -> None:
    delivery = failed(endpoint, event__facts={"customer": {"firstname": "Zoë <b>"}})
    for status, error in [(503, "status"), (None, "timeout"), (200, "")]:
        Attempt.objects.create(
            organization=endpoint.organization, delivery=delivery, at=clock.now(), milliseconds=1234, status=status, error=error
        )
    page = administrator.get(page_of(NOUN, delivery)).content.decode()
    for text in (
        str(delivery.event.uid), "Zoë &lt;b&gt;", "HTTP 503", "1,234 ms", "the endpoint refused it (503)",
        "the endpoint did not answer in time", "taken",
    ):  # fmt: skip
        assert text in page


def test_every_error_of_the_client_has_words() -> None:
    assert set(ERRORS) == {
        "status", "redirect", "timeout", "connection", "tls", "unknown host", "forbidden address", "no http", "no secret",
        "not tried", "erased", "withdrawn",
    }  # fmt: skip


def test_deliveries_are_filtered(administrator: Client, organization: Organization, endpoint: Endpoint) -> None:
    other = listen(organization, "tier.changed", name="Mail")
    first = failed(endpoint)
    second = DeliveryFactory(endpoint=other, event__kind="tier.changed", event__customer_id=8)
    Event.objects.filter(pk=first.event_id).update(recorded_at=clock.now() - timedelta(days=9))

    def found(**parameters: object) -> list[Delivery]:
        return shown(administrator.get(list_of(NOUN), parameters))

    assert found() == [second, first]
    assert found(state__exact="FAILED") == [first]
    assert found(endpoint=other.pk) == [second]
    assert found(kind="tier.changed") == [second]
    assert found(event__recorded_at_to=f"{clock.now() - timedelta(days=7):%F}") == [first]
    assert found(q="8") == [second]
    assert found(q=f" {first.event.uid} ") == [first]
    assert found(q="nobody") == []


def test_selected_deliveries_are_sent_again(administrator: Client, endpoint: Endpoint) -> None:
    rows = [failed(endpoint) for _ in range(3)]
    chosen = [rows[0].pk, rows[2].pk]
    answer = administrator.post(list_of(NOUN), {"action": "replay", "confirmed": "1", "_selected_action": chosen}, follow=True)
    assert "Will be delivered again as soon as a worker is free: 2." in answer.content.decode()
    assert set(Delivery.objects.filter(state="PENDING").values_list("pk", flat=True)) == set(chosen)
    assert queued_endpoints() == [endpoint.pk]


def test_one_delivery_is_sent_again_on_its_page(administrator: Client, endpoint: Endpoint) -> None:
    delivery = failed(endpoint)
    address = reverse("admin:webhooks_delivery_replay_page", args=[delivery.pk])
    assert "with the same id" in administrator.get(address).content.decode()
    assert administrator.post(address)["Location"] == page_of(NOUN, delivery)
    assert Delivery.objects.get().state == "PENDING"


def test_operators_send_again_across_organizations(operator: Client, endpoint: Endpoint) -> None:
    other = failed(listen(OrganizationFactory(code="bazaar"), "customer.registered"))
    chosen = [failed(endpoint).pk, other.pk]
    operator.post(list_of(NOUN), {"action": "replay", "confirmed": "1", "_selected_action": chosen})
    assert set(Delivery._base_manager.values_list("state", flat=True)) == {"PENDING"}


def test_auditors_see_deliveries_and_send_none_again(auditor: Client, endpoint: Endpoint) -> None:
    delivery = failed(endpoint)
    assert auditor.get(page_of(NOUN, delivery)).status_code == 200
    assert auditor.post(reverse("admin:webhooks_delivery_replay_page", args=[delivery.pk])).status_code == 403


def test_a_test_has_no_customer(administrator: Client, endpoint: Endpoint) -> None:
    delivery = DeliveryFactory(endpoint=endpoint, event__kind="webhook.test", event__customer_id=None)
    assert administrator.get(page_of(NOUN, delivery)).status_code == 200
    assert shown(administrator.get(list_of(NOUN), {"kind": "webhook.test"})) == [delivery]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, endpoint: Endpoint, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(rows):
        failed(endpoint)
    administrator.get(list_of(NOUN))
    with django_assert_num_queries(7):
        administrator.get(list_of(NOUN))
