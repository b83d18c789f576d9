"""Rows of webhooks, by noun. Django finds the models here."""

from webhooks.deliveries.models import Attempt, Delivery
from webhooks.endpoints.models import Endpoint, EndpointHealth, EndpointSecret
from webhooks.events.models import Event

__all__ = ["Attempt", "Delivery", "Endpoint", "EndpointHealth", "EndpointSecret", "Event"]
