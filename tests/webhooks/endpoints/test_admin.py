"""Webhook endpoints in the back office."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from tests.back_office import errors_of, filled_form, list_of, page_of
from tests.factories.webhooks import DeliveryFactory, SecretFactory, listen
from tests.webhooks.queued import queued_endpoints
from webhooks.deliveries.models import Delivery
from webhooks.endpoints.models import Endpoint, EndpointHealth, EndpointSecret
from webhooks.endpoints.secrets import signing_keys
from webhooks.endpoints.services import pause_endpoint, resume_endpoint

ADD = "/admin/webhooks/endpoint/add/"
NOUN = "webhooks_endpoint"
TYPED = {"name": "CRM", "url": "https://hooks.example", "events": ["customer.registered", "tier.changed"]}


@pytest.fixture
def endpoint(organization: Organization) -> Endpoint:
    return listen(organization, "customer.registered", name="CRM")


def page(endpoint: Endpoint, name: str) -> str:
    return reverse(f"admin:webhooks_endpoint_{name}", args=[endpoint.pk])


def shown_secret(answer: Any) -> str:
    (secret,) = re.findall(r'id="new-secret">([^<]+)<', answer.content.decode())
    return str(secret).replace("&#x2B;", "+").replace("&#x3D;", "=")


def test_a_new_endpoint_gets_a_secret_that_is_shown_once(administrator: Client, organization: Organization) -> None:
    answer = administrator.post(ADD, filled_form(administrator, ADD, **TYPED))
    endpoint = Endpoint.objects.get()
    assert (endpoint.url, endpoint.events, endpoint.is_active) == ("https://hooks.example/", TYPED["events"], True)
    secret = shown_secret(answer)
    assert signing_keys(endpoint) == [secret]
    assert secret not in EndpointSecret.objects.get().sealed
    assert secret not in administrator.get(page_of(NOUN, endpoint)).content.decode()
    organization.refresh_from_db()
    assert organization.announced_events == ["customer.registered", "tier.changed"]
    entries = AuditEntry.objects.filter(object_type="endpoint").order_by("pk")
    assert [entry.action for entry in entries] == ["secret added", "created"]
    assert secret not in str([entry.new for entry in entries])


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://10.0.0.8/"}, "url"),
        ({"url": ""}, "url"),
        ({"events": []}, "events"),
        ({"events": ["customer.invented"]}, "events"),
        ({"name": ""}, "name"),
    ],
)
def test_mistakes_are_errors_of_their_field(administrator: Client, typed: dict[str, Any], field: str) -> None:
    form = {**filled_form(administrator, ADD, **TYPED), **typed}
    assert list(errors_of(administrator.post(ADD, form))) == [field]
    assert not Endpoint.objects.exists()


def test_names_are_unique_in_the_organization(administrator: Client, endpoint: Endpoint) -> None:
    answer = administrator.post(ADD, filled_form(administrator, ADD, **TYPED))
    assert errors_of(answer) == {"name": ["Is taken already."]}


def test_private_addresses_are_for_installations_that_allow_them(administrator: Client, settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_HTTP = settings.WEBHOOK_ALLOW_PRIVATE = True
    administrator.post(ADD, filled_form(administrator, ADD, **{**TYPED, "url": "http://10.0.0.8:8080/x"}))
    assert Endpoint.objects.get().url == "http://10.0.0.8:8080/x"


def test_a_change_is_audited_and_keeps_the_secret(administrator: Client, endpoint: Endpoint) -> None:
    address = page_of(NOUN, endpoint)
    administrator.post(address, filled_form(administrator, address, events=["coupon.issued"]))
    endpoint.refresh_from_db()
    assert endpoint.events == ["coupon.issued"]
    entry = AuditEntry.objects.get(object_type="endpoint")
    assert (entry.action, entry.old) == ("changed", {"events": ["customer.registered"]})
    assert endpoint.secrets.count() == 1


def test_a_secret_is_rotated_and_the_old_one_retired(administrator: Client, endpoint: Endpoint) -> None:
    (old,) = signing_keys(endpoint)
    assert "a signature by the new secret" in administrator.get(page(endpoint, "rotate")).content.decode()
    new = shown_secret(administrator.post(page(endpoint, "rotate")))
    assert signing_keys(endpoint) == [new, old]
    assert "Two sign" in administrator.get(page_of(NOUN, endpoint)).content.decode()
    refused = administrator.post(page(endpoint, "rotate")).content.decode()
    assert "Retire the old one first" in refused
    assert administrator.post(page(endpoint, "retire")).status_code == 302
    assert signing_keys(endpoint) == [new]
    # Nothing is left to retire, and the newest stays.
    administrator.post(page(endpoint, "retire"))
    assert signing_keys(endpoint) == [new]
    actions = AuditEntry.objects.filter(object_type="endpoint").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["secret added", "secret retired"]


def test_an_endpoint_is_paused_and_resumed(administrator: Client, endpoint: Endpoint) -> None:
    EndpointHealth.objects.create(
        organization=endpoint.organization, endpoint=endpoint, failures=9, failing_since=clock.now(), rests_until=clock.now()
    )
    assert "failing" in administrator.get(list_of(NOUN)).content.decode()
    assert "Failing since" in administrator.get(page_of(NOUN, endpoint)).content.decode()
    administrator.post(page(endpoint, "pause_page"))
    endpoint.refresh_from_db()
    assert endpoint.paused_because == "STAFF"
    assert "Paused by staff" in administrator.get(page_of(NOUN, endpoint)).content.decode()
    assert "Resume" in administrator.get(page(endpoint, "pause_page")).content.decode()
    administrator.post(page(endpoint, "pause_page"))
    endpoint.refresh_from_db()
    assert (endpoint.paused_at, endpoint.paused_because) == (None, "")
    health = EndpointHealth.objects.get()
    assert (health.failures, health.failing_since, health.rests_until) == (0, None, None)
    actions = AuditEntry.objects.filter(object_type="endpoint").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["paused", "resumed"]


def test_what_is_done_already_is_not_done_again(endpoint: Endpoint) -> None:
    by = command_actor("x", endpoint.organization)
    with transaction.atomic():
        assert not resume_endpoint(endpoint, by=by)
        assert pause_endpoint(endpoint, Endpoint.PausedBecause.STAFF, by=by)
        assert not pause_endpoint(endpoint, Endpoint.PausedBecause.FAILURES, by=by)
    endpoint.refresh_from_db()
    assert endpoint.paused_because == "STAFF"


def test_a_test_is_sent_and_its_delivery_shown(administrator: Client, endpoint: Endpoint) -> None:
    assert "webhook.test" in administrator.get(page(endpoint, "send_test")).content.decode()
    answer = administrator.post(page(endpoint, "send_test"))
    delivery = Delivery.objects.get()
    assert answer["Location"] == page_of("webhooks_delivery", delivery)
    assert delivery.event.facts == {"sent_by": "staff:asha"}
    assert queued_endpoints() == [endpoint.pk]


def test_endpoints_that_failed_too_long_are_on_the_start_page(administrator: Client, endpoint: Endpoint) -> None:
    assert "Webhooks paused" not in administrator.get("/admin/").content.decode()
    Endpoint.objects.update(paused_at=clock.now(), paused_because="FAILURES")
    assert "Webhooks paused after failures" in administrator.get("/admin/").content.decode()
    listed = administrator.get(list_of(NOUN), {"state": "paused"}).content.decode()
    assert "paused after failures" in listed


def test_the_page_counts_what_waits_and_says_if_no_secret_can_be_read(
    administrator: Client, endpoint: Endpoint, settings: Settings
) -> None:
    for _ in range(3):
        DeliveryFactory(endpoint=endpoint)
    assert "3 waiting" in administrator.get(page_of(NOUN, endpoint)).content.decode()
    EndpointSecret.objects.update(sealed="sealed with another key")
    assert "None can be read" in administrator.get(page_of(NOUN, endpoint)).content.decode()


def test_endpoints_are_switched_off_on_the_list(administrator: Client, endpoint: Endpoint, organization: Organization) -> None:
    administrator.post(list_of(NOUN), {"action": "deactivate", "confirmed": "1", "_selected_action": [endpoint.pk]})
    organization.refresh_from_db()
    assert organization.announced_events == []
    assert "Off:" in administrator.get(page_of(NOUN, endpoint)).content.decode()


def test_auditors_see_endpoints_and_change_nothing(auditor: Client, endpoint: Endpoint) -> None:
    assert auditor.get(list_of(NOUN)).status_code == 200
    assert auditor.get(page_of(NOUN, endpoint)).status_code == 200
    assert auditor.post(page(endpoint, "rotate")).status_code == 403
    assert auditor.get(ADD).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, organization: Organization, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        endpoint = listen(organization, "customer.registered", name=f"Endpoint {number}")
        SecretFactory(endpoint=endpoint)
        EndpointHealth.objects.create(organization=organization, endpoint=endpoint)
    administrator.get(list_of(NOUN))
    with django_assert_num_queries(7):
        administrator.get(list_of(NOUN))
