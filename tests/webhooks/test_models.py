"""What the tables of webhooks guarantee by themselves."""

import pytest
from django.db import IntegrityError, transaction

from loyalty_project import clock
from organizations.tenancy.models import Organization
from tests.factories.webhooks import DeliveryFactory, EndpointFactory, EventFactory, SecretFactory, listen
from webhooks.deliveries.models import Attempt, Delivery
from webhooks.endpoints.models import Endpoint, EndpointHealth
from webhooks.events.models import Event


def test_rows_are_shown_by_what_people_call_them(organization: Organization) -> None:
    endpoint = EndpointFactory(organization=organization, name="CRM")
    event = EventFactory(organization=organization)
    rows = [endpoint, SecretFactory(endpoint=endpoint), EndpointHealth(endpoint=endpoint), event, Delivery(pk=7), Attempt(pk=8)]
    assert [str(row).split(" ")[0] for row in rows] == ["CRM", "Secret", "Health", event.kind, "Delivery", "Attempt"]


def test_an_event_reaches_an_endpoint_once(organization: Organization) -> None:
    delivery = DeliveryFactory(endpoint=listen(organization, "a"))
    with pytest.raises(IntegrityError, match="webhook_delivery_unique"), transaction.atomic():
        DeliveryFactory(endpoint=delivery.endpoint, event=delivery.event)


def test_the_id_of_an_event_is_unique(organization: Organization) -> None:
    event = EventFactory(organization=organization)
    with pytest.raises(IntegrityError, match="webhook_event_uid_unique"), transaction.atomic():
        EventFactory(organization=organization, uid=event.uid)


def test_only_what_waits_has_no_end(organization: Organization) -> None:
    DeliveryFactory(endpoint=listen(organization, "a"))
    for values in ({"state": "DELIVERED"}, {"finished_at": clock.now()}, {"state": "LOST"}):
        with pytest.raises(IntegrityError, match="webhook_delivery_finished"), transaction.atomic():
            Delivery.objects.update(**values)


def test_a_pause_has_a_cause(organization: Organization) -> None:
    listen(organization, "a")
    for values in ({"paused_at": clock.now()}, {"paused_because": "STAFF"}):
        with pytest.raises(IntegrityError, match="webhook_endpoint_pause"), transaction.atomic():
            Endpoint.objects.update(**values)
    assert not Event.objects.exists()
