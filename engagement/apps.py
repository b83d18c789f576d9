"""The engagement app: programs, tiers and points."""

from django.apps import AppConfig


class EngagementConfig(AppConfig):
    """See the module."""

    name = "engagement"
    verbose_name = "Loyalty"
