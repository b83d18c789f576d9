"""The outbox: what was sent to customers, and what waits. Texts are for staff with a permission, until they expire."""

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from customers.back_office import CustomerRowsAdmin
from customers.outbox.models import OutboxMessage
from customers.outbox.rules import KINDS, Channel
from loyalty_project import clock
from loyalty_project.encryption import unseal
from organizations.back_office.columns import choice_column
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter
from organizations.staff.sight import shown_identifier, shown_value

STATE_COLORS: Final = {"QUEUED": "info", "SENT": "success", "FAILED": "danger"}
READ_PERMISSION: Final = "customers.read_outboxmessage"
_UNREADABLE: Final = "cannot be read: SECRET_KEY has changed"


@admin.register(OutboxMessage)
class OutboxMessageAdmin(CustomerRowsAdmin):
    """Messages, read-only."""

    has_history = False

    related = ("customer",)
    fields = (
        "customer_link", "purpose", "channel", "recipient_text", "state_label", "sender", "tries", "error", "created_at",
        "expires_at", "finished_at",
    )  # fmt: skip
    list_display = ("created_at", "customer_link", "channel", "purpose", "state_label", "sender", "tries", "error")
    phone_lines = (("customer_link", "state_label"), ("channel", "purpose", "created_at"))
    list_display_links = ("created_at",)
    list_filter = (("state", ChoiceFilter), ("channel", ChoiceFilter), ("created_at", DayRangeFilter))

    state_label = choice_column("state", "State", STATE_COLORS)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fields, and the text for those who may read it."""
        fields = super().get_fields(request, obj)
        may_read = request.user.has_perm(READ_PERMISSION)
        return [*fields, "readable_text"] if may_read else fields

    @display(description="Recipient")
    def recipient_text(self, message: OutboxMessage) -> str:
        """The number or the address."""
        recipient = unseal(message.recipient)
        return (
            _UNREADABLE
            if recipient is None
            else shown_identifier(KINDS[Channel(message.channel)], recipient, customer_id=message.customer_id)
        )

    @display(description="Text")
    def readable_text(self, message: OutboxMessage) -> str:
        """The text, until it expires."""
        if not message.text or message.expires_at <= clock.now():
            return "expired"
        return str(shown_value(unseal(message.text) or _UNREADABLE, customer_id=message.customer_id))
