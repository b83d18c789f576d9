"""Erasure of customers from events."""

from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organizations import OrganizationFactory
from tests.factories.webhooks import DeliveryFactory, listen
from webhooks.deliveries.models import Delivery
from webhooks.erasing import forget_customers
from webhooks.events.models import Event


def test_events_of_erased_customers_are_emptied_and_not_sent(organization: Organization) -> None:
    endpoint = listen(organization, "customer.registered")
    waiting, other = DeliveryFactory(endpoint=endpoint), DeliveryFactory(endpoint=endpoint, event__customer_id=8)
    done = DeliveryFactory(endpoint=endpoint, state="DELIVERED", finished_at=clock.now())
    assert forget_customers([7, 9]) == 2
    assert dict(Event.objects.values_list("pk", "facts")) == {
        waiting.event_id: {}, done.event_id: {}, other.event_id: {"customer": {"firstname": "Asha"}},
    }  # fmt: skip
    assert dict(Delivery.objects.values_list("pk", "state")) == {
        waiting.pk: "FAILED", done.pk: "DELIVERED", other.pk: "PENDING",
    }  # fmt: skip
    assert Delivery.objects.get(pk=waiting.pk).error == "erased"
    assert forget_customers([7]) == 0


def test_customers_of_another_organization_are_not_touched(organization: Organization) -> None:
    DeliveryFactory(endpoint=listen(organization, "customer.registered"))
    with organization_scope(OrganizationFactory(code="bazaar")):
        assert forget_customers([7]) == 0
