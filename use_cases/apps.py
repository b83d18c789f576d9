"""App without models: Django finds the commands of use cases by it."""

from django.apps import AppConfig


class UseCasesConfig(AppConfig):
    """App of the use cases."""

    name = "use_cases"
