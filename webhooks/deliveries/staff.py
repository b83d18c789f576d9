"""Deliveries that were given up, for the current user of the back office."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from organizations.back_office.queues import Queue
from webhooks.deliveries.models import Delivery


def failed_deliveries(request: HttpRequest) -> QuerySet[Delivery]:  # noqa: ARG001 - signature of all queues
    """Deliveries that were given up, and not delivered again since."""
    return Delivery.objects.filter(state=Delivery.State.FAILED)


FAILED: Final = Queue("Failed webhooks", "outbox", "webhooks.delivery", failed_deliveries, (("state__exact", "FAILED"),))
