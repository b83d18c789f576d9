"""Sidebar entries of webhooks."""

from typing import Final

from organizations.back_office.sidebar import SidebarEntry

ENDPOINTS: Final = (SidebarEntry("Webhooks", "webhook", "webhooks.endpoint"),)
DELIVERIES: Final = (SidebarEntry("Webhook deliveries", "outbox", "webhooks.delivery"),)
