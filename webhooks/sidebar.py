"""Sidebar entries of webhooks."""

from typing import Final

from django.http import HttpRequest

from organizations.back_office.sidebar import SidebarEntry
from webhooks.endpoints.models import Endpoint


def count_paused(_request: HttpRequest) -> int:
    """Number of endpoints in sight that were paused after failures. One query."""
    return Endpoint.objects.filter(is_active=True, paused_because=Endpoint.PausedBecause.FAILURES).count()


ENDPOINTS: Final = (SidebarEntry("Webhooks", "webhook", "webhooks.endpoint", count_paused),)
DELIVERIES: Final = (SidebarEntry("Webhook deliveries", "outbox", "webhooks.delivery"),)
