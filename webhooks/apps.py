"""The webhooks app: endpoints of organizations, events, and their deliveries."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """See the module."""

    name = "webhooks"
