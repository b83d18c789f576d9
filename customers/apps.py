"""The customers app: people, their identifiers, cards and profiles, and the journeys that cross apps."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """See the module."""

    name = "customers"
