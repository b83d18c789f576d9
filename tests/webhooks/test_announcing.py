"""Announcing: events, deliveries and jobs in one transaction, for endpoints that listen; nothing without one."""

import json

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organizations import OrganizationFactory
from tests.factories.webhooks import EndpointFactory, announced, listen
from tests.webhooks.queued import queued
from webhooks.announcing import Announcement, announce
from webhooks.deliveries.models import Delivery
from webhooks.endpoints.models import Endpoint, EndpointHealth
from webhooks.events.kinds import EventKind

MET = EventKind(name="customer.met", meaning="a customer was met")
LEFT = EventKind(name="customer.left", meaning="a customer left", version=3)


def meeting(kind: EventKind = MET, customer: int = 7, **more: object) -> Announcement:
    return Announcement(kind=kind, customer_id=customer, occurred_at=clock.now(), **more)  # type: ignore[arg-type]


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
def test_an_event_goes_to_each_endpoint_that_listens(organization: Organization) -> None:
    first, both = listen(organization, "customer.met"), listen(organization, "customer.met", "customer.left")
    other = listen(organization, "customer.left")
    announce([meeting(facts={"seats": 2})])
    (event,) = announced()
    assert (event.kind, event.version, event.customer_id, event.facts) == ("customer.met", 1, 7, {"seats": 2})
    assert event.occurred_at == event.recorded_at == clock.now()
    deliveries = Delivery.objects.order_by("endpoint_id")
    assert [(row.endpoint_id, row.state, row.attempts, row.next_at) for row in deliveries] == [
        (first.pk, "PENDING", 0, clock.now()),
        (both.pk, "PENDING", 0, clock.now()),
    ]
    assert {(row.expires_at - clock.now()).days for row in deliveries} == {7}
    assert queued() == [{"organization": "northwind", "endpoint": pk} for pk in (first.pk, both.pk)]
    assert not other.deliveries.exists()


@pytest.mark.parametrize("count", [1, 3, 200])
def test_many_events_are_two_statements(
    organization: Organization, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    listen(organization, "customer.met")
    listen(organization, "customer.met", "customer.left")
    with django_assert_num_queries(2):
        announce([meeting(customer=number) for number in range(1, count + 1)])
    assert [event.customer_id for event in announced()] == [*range(1, count + 1)]
    assert Delivery.objects.count() == 2 * count
    assert len(queued()) == 2


def test_no_event_is_no_statement(organization: Organization, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        announce([])


def test_what_no_endpoint_listens_to_leaves_nothing(organization: Organization) -> None:
    listen(organization, "customer.left", is_active=False)
    listen(organization, "customer.met")
    announce([meeting(LEFT)])
    assert announced() == []
    assert queued() == []


def test_endpoints_of_another_organization_hear_nothing(organization: Organization) -> None:
    other = OrganizationFactory(code="bazaar")
    listen(other, "customer.met")
    listen(organization, "customer.met")
    announce([meeting()])
    with organization_scope(other):
        assert announced() == []


def test_events_fall_with_their_transaction(organization: Organization) -> None:
    listen(organization, "customer.met")
    with transaction.atomic():
        announce([meeting()])
        transaction.set_rollback(True)
    assert announced() == []
    assert queued() == []


def test_an_event_with_a_key_is_announced_once(organization: Organization) -> None:
    listen(organization, "customer.met")
    for _ in range(2):
        announce([meeting(key="met 7"), meeting(key="met 8", customer=8), meeting(key="met 7")])
    assert [event.customer_id for event in announced()] == [7, 8]
    assert Delivery.objects.count() == 2


def test_a_key_is_of_one_organization(organization: Organization) -> None:
    other = OrganizationFactory(code="bazaar")
    for each in (organization, other):
        listen(each, "customer.met")
        with organization_scope(each):
            announce([meeting(key="met 7")])
            assert len(announced()) == 1


def test_paused_and_resting_endpoints_keep_events_without_a_job(organization: Organization) -> None:
    paused = listen(organization, "customer.met", paused_at=clock.now(), paused_because="STAFF")
    resting = listen(organization, "customer.met")
    until = clock.now().replace(year=clock.now().year + 1)
    EndpointHealth.objects.create(organization=organization, endpoint=resting, failures=1, rests_until=until)
    announce([meeting()])
    assert {row.endpoint_id for row in Delivery.objects.all()} == {paused.pk, resting.pk}
    assert queued() == []


def test_the_organization_knows_what_is_listened_to(organization: Organization) -> None:
    def heard() -> list[str]:
        organization.refresh_from_db()
        return organization.announced_events

    assert heard() == []
    endpoint = EndpointFactory(organization=organization, events=["b", "a"])
    EndpointFactory(organization=organization, events=["b", "c"])
    assert heard() == ["a", "b", "c"]
    endpoint.is_active = False
    endpoint.save()
    assert heard() == ["b", "c"]
    Endpoint.objects.all().delete()
    assert heard() == []


def test_a_row_read_earlier_does_not_bring_back_what_was_listened_to(organization: Organization) -> None:
    earlier = Organization.objects.get(pk=organization.pk)
    EndpointFactory(organization=organization, events=["a"])
    earlier.name = "Renamed"
    earlier.save()
    organization.refresh_from_db()
    assert (organization.name, organization.announced_events) == ("Renamed", ["a"])


def test_facts_are_kept_as_they_are(organization: Organization) -> None:
    listen(organization, "customer.met")
    facts = {"name": "Zoë \u2028 \U0001f600", "none": None, "list": [1, "1.50"], "at": {"deep": True}}
    announce([meeting(facts=facts)])
    assert json.loads(json.dumps(announced()[0].facts)) == facts
