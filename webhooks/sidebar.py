"""Sidebar entries of webhooks."""

from typing import Final

from organizations.back_office.sidebar import SidebarEntry
from webhooks.deliveries.staff import FAILED
from webhooks.endpoints.staff import PAUSED

ENDPOINTS: Final = (SidebarEntry("Webhooks", "webhook", "webhooks.endpoint", PAUSED),)
DELIVERIES: Final = (SidebarEntry("Webhook deliveries", "outbox", "webhooks.delivery", FAILED),)
