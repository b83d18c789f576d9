"""The subscriptions app: consents and their log."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """See the module."""

    name = "subscriptions"
