"""Messages sent to a customer as rows of the timeline on the customer's page."""

from typing import Any, Final

from django.utils.translation import gettext

from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice

_TONES: Final = {OutboxMessage.State.SENT: "good", OutboxMessage.State.FAILED: "bad"}


def outbox_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Messages of the outbox, without recipient and text, which their own page shows. One query."""
    return [_row(message, part) for message in part.newest(OutboxMessage.objects.filter(customer=customer), "created_at")]


def _row(message: OutboxMessage, part: TimelineSlice) -> TimelineRow:
    facts: list[tuple[str, Any]] = [(gettext("Sent by"), message.get_sender_display()), (gettext("Tries"), message.tries)]
    return TimelineRow(
        key=part.key(message.created_at, message.pk),
        icon="sms" if message.channel == OutboxMessage.Channel.SMS else "mail",
        title=gettext("%(channel)s sent") % {"channel": message.get_channel_display()}
        if message.finished_at
        else gettext("%(channel)s to send") % {"channel": message.get_channel_display()},
        note=message.get_purpose_display(),
        state=message.get_state_display(),
        tone=_TONES.get(OutboxMessage.State(message.state), ""),
        facts=[*facts, (gettext("Problem"), message.error)] if message.error else facts,
        link=page_of(message),
    )
