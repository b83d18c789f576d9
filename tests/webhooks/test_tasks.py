"""Tasks of webhooks: waking endpoints every minute, and deleting old events at night."""

from datetime import timedelta

from structlog.testing import capture_logs

from loyalty_project import clock
from organizations.tenancy.models import Organization
from tests.factories.webhooks import DeliveryFactory, listen
from tests.webhooks.queued import queued_endpoints
from webhooks.deliveries.models import Delivery
from webhooks.events.models import Event
from webhooks.tasks import prune, wake


def test_waking_defers_jobs_and_gives_up_what_is_too_old(organization: Organization) -> None:
    endpoint = listen(organization, "customer.registered")
    DeliveryFactory(endpoint=endpoint)
    DeliveryFactory(endpoint=endpoint, expires_at=clock.now())
    with capture_logs() as logs:
        wake(timestamp=0)
        wake(timestamp=0)
    assert logs == [{"event": "webhooks_given_up", "log_level": "warning", "deliveries": 1}]
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["PENDING", "FAILED"]
    assert queued_endpoints() == [endpoint.pk]


def test_old_events_are_deleted_at_night(organization: Organization) -> None:
    DeliveryFactory(endpoint=listen(organization, "customer.registered"), state="FAILED", finished_at=clock.now())
    Event.objects.update(recorded_at=clock.now() - timedelta(days=400))
    with capture_logs() as logs:
        prune(timestamp=0)
        prune(timestamp=0)
    assert logs == [{"event": "webhooks_pruned", "log_level": "info", "organization": "northwind", "events": 1}]
    assert not Event.objects.exists()
