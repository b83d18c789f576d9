"""The customers app: customers with their identifiers, cards, groups, statuses, merges and searches."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    """See the module."""

    name = "customers"
