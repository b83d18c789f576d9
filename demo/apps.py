"""App without models: Django finds the commands of the demo by it."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """App of the demo."""

    name = "demo"
