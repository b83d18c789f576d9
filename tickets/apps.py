"""The tickets app: tickets of customers, and the words that each organization has for them."""

from django.apps import AppConfig


class TicketsConfig(AppConfig):
    """Configuration of the app."""

    name = "tickets"
