"""Messages sent to a customer as rows of the timeline on the customer's page."""

from typing import Any, Final

from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice

_TONES: Final = {OutboxMessage.State.SENT: "good", OutboxMessage.State.FAILED: "bad"}


def outbox_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Messages of the outbox, without recipient and text, which their own page shows. One query."""
    return [_row(message, part) for message in part.newest(OutboxMessage.objects.filter(customer=customer), "created_at")]


def _row(message: OutboxMessage, part: TimelineSlice) -> TimelineRow:
    facts: list[tuple[str, Any]] = [("Sent by", message.get_sender_display()), ("Tries", message.tries)]
    return TimelineRow(
        key=part.key(message.created_at, message.pk),
        icon="sms" if message.channel == OutboxMessage.Channel.SMS else "mail",
        title=f"{message.get_channel_display()} sent" if message.finished_at else f"{message.get_channel_display()} to send",
        note=message.get_purpose_display(),
        state=message.get_state_display(),
        tone=_TONES.get(OutboxMessage.State(message.state), ""),
        facts=[*facts, ("Problem", message.error)] if message.error else facts,
        link=page_of(message),
    )
