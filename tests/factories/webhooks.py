"""Webhook endpoints, and what was announced."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import factory

from loyalty_project import clock
from loyalty_project.encryption import seal
from organizations.tenancy.models import Organization
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory
from webhooks.deliveries.models import Delivery
from webhooks.deliveries.rules import KEPT_FOR
from webhooks.endpoints.models import Endpoint, EndpointSecret
from webhooks.events.models import Event
from webhooks.sending.signing import make_secret


class EndpointFactory(TenantFactory):
    class Meta:
        model = Endpoint

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda number: f"Endpoint {number}")
    url = "https://hooks.example/events"
    events = factory.LazyFunction(lambda: ["customer.registered"])
    created_at = factory.LazyFunction(clock.now)


class SecretFactory(TenantFactory):
    class Meta:
        model = EndpointSecret

    organization = factory.SelfAttribute("endpoint.organization")
    endpoint = factory.SubFactory(EndpointFactory)
    sealed = factory.LazyFunction(lambda: seal(make_secret()))
    created_at = factory.LazyFunction(clock.now)


class EventFactory(TenantFactory):
    class Meta:
        model = Event

    organization = factory.SubFactory(OrganizationFactory)
    uid = factory.LazyFunction(uuid4)
    kind = "customer.registered"
    version = 1
    customer_id = 7
    occurred_at = factory.LazyFunction(clock.now)
    recorded_at = factory.LazyFunction(clock.now)
    facts = factory.LazyFunction(lambda: {"customer": {"firstname": "Asha"}})


class DeliveryFactory(TenantFactory):
    class Meta:
        model = Delivery

    organization = factory.SelfAttribute("endpoint.organization")
    endpoint = factory.SubFactory(EndpointFactory)
    event = factory.SubFactory(EventFactory, organization=factory.SelfAttribute("..organization"))
    next_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyFunction(lambda: clock.now() + KEPT_FOR)


def listen(organization: Organization, *kinds: str, **values: Any) -> Endpoint:
    """An endpoint of the organization that listens to these kinds, with a secret. The organization's row is read anew."""
    endpoint: Endpoint = EndpointFactory(organization=organization, events=list(kinds), **values)
    SecretFactory(endpoint=endpoint)
    organization.refresh_from_db()
    return endpoint


def announced(kind: str = "") -> Sequence[Event]:
    """The events of the scope's organization, of one kind or all, in order."""
    events = Event.objects.order_by("pk")
    return list(events.filter(kind=kind) if kind else events)
