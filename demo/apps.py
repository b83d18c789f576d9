"""The demo as an app without models: Django finds its commands by it."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """See the module."""

    name = "demo"
