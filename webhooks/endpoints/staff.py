"""Endpoints that were paused after failures, for the current user of the back office."""

from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest

from organizations.back_office.queues import Queue
from webhooks.endpoints.models import Endpoint


def paused_endpoints(request: HttpRequest) -> QuerySet[Endpoint]:  # noqa: ARG001 - signature of all queues
    """Endpoints that were paused after failures."""
    return Endpoint.objects.filter(is_active=True, paused_because=Endpoint.PausedBecause.FAILURES)


PAUSED: Final = Queue("Webhooks paused after failures", "webhook", "webhooks.endpoint", paused_endpoints)
