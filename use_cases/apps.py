"""The use cases as an app without models: Django finds their commands by it."""

from django.apps import AppConfig


class UseCasesConfig(AppConfig):
    """See the module."""

    name = "use_cases"
