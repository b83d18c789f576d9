"""The subscriptions app: consents and their log."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """Configuration of the app."""

    name = "subscriptions"
