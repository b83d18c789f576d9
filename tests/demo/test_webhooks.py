"""The demo's webhook endpoint."""

from demo.webhooks import EVENTS, open_demo_endpoint
from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from tests.factories.webhooks import listen
from use_cases.webhook_events import EVENT_KINDS
from webhooks.endpoints.models import Endpoint
from webhooks.endpoints.secrets import signing_keys


def test_the_endpoint_is_paused_and_listens(organization: Organization) -> None:
    by = command_actor("load_demo", organization)
    assert open_demo_endpoint(by=by)
    endpoint = Endpoint.objects.get()
    assert endpoint.paused_because == "STAFF"
    assert len(signing_keys(endpoint)) == 1
    assert by.organization.announced_events == sorted(EVENTS)
    assert not open_demo_endpoint(by=by)


def test_its_events_exist() -> None:
    assert set(EVENTS) <= set(EVENT_KINDS)


def test_an_endpoint_of_a_user_is_left_as_it_is(organization: Organization) -> None:
    endpoint = listen(organization, "tier.changed")
    assert not open_demo_endpoint(by=command_actor("load_demo", organization))
    assert Endpoint.objects.get() == endpoint
