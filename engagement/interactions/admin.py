"""Interactions and notifications, as imports brought them."""

from functools import partial
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import QuerySet
from unfold.decorators import display

from engagement.back_office import LoyaltyRowsAdmin
from engagement.interactions.models import Interaction, Notification
from engagement.interactions.rules import FEEDS, NETWORK_NAMES, NETWORKS
from loyalty_project.protocol.numbers import plain_digits
from organizations.back_office.columns import personal_column
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, NamedFilter
from organizations.staff.sight import shown_value

_MESSAGE: Final = (
    "occurred_at", "customer_link", "network_name", "type", "sender_text", "receiver_text", "subject_text", "status",
    "delivered_at",
)  # fmt: skip
_LISTED: Final = ("occurred_at", "customer_link", "network_name", "type", "subject_text", "status")


class NetworkFilter(NamedFilter):
    """By network."""

    title = parameter_name = "network"
    options: ClassVar[Any] = {name: (NETWORK_NAMES[name], partial(QuerySet.filter, network=name)) for name in NETWORKS}


class FeedFilter(NamedFilter):
    """By the network of the feed."""

    title = parameter_name = "network"
    options: ClassVar[Any] = {name: (NETWORK_NAMES[name], partial(QuerySet.filter, network=name)) for name in FEEDS}


class ContactAdmin(LoyaltyRowsAdmin):
    """The base of both pages."""

    has_history = False
    newest = "occurred_at"
    related = ("customer",)
    list_display_links = ("occurred_at",)

    sender_text = personal_column("sender", "Sender")
    receiver_text = personal_column("receiver", "Receiver")
    subject_text = personal_column("subject", "Subject")

    @display(description="Network")
    def network_name(self, contact: Interaction | Notification) -> str:
        """The network as people call it."""
        return NETWORK_NAMES[contact.network]


@admin.register(Interaction)
class InteractionAdmin(ContactAdmin):
    """Messages, check-ins, posts, and surveys with their answers."""

    fields = (*_MESSAGE, "place", "survey_name", "nps_score", "sent_by", "completed_at", "response", "recorded_at")
    list_display = (*_LISTED, "survey_name", "nps_score")
    list_filter = (NetworkFilter, ("type", ChoiceFilter), ("occurred_at", DayRangeFilter))

    response = personal_column("response_url", "Response URL")

    @display(description="Place")
    def place(self, contact: Interaction) -> str:
        """Latitude and longitude of a check-in."""
        if contact.latitude is None or contact.longitude is None:
            return "–"
        place = f"{plain_digits(contact.latitude)}, {plain_digits(contact.longitude)}"
        return str(shown_value(place, customer_id=contact.customer_id))


@admin.register(Notification)
class NotificationAdmin(ContactAdmin):
    """Notifications in the feeds of customers' accounts at WeChat and WebEngage."""

    fields = (*_MESSAGE, "recorded_at")
    list_display = _LISTED
    list_filter = (FeedFilter, ("type", ChoiceFilter), ("occurred_at", DayRangeFilter))
