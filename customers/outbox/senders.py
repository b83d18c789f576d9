"""Who sends messages: a mail server, a gateway behind a webhook, or nobody, so that staff read them in the back office."""

import smtplib
from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

from customers.outbox.models import OutboxMessage
from customers.outbox.rules import SUBJECT, Channel
from customers.webhook_events import MESSAGE
from loyalty_project.encryption import unseal
from organizations.tenancy.models import Organization
from webhooks.announcing import Announcement, announce
from webhooks.events.payloads import SEALED, write_utc

Sender = OutboxMessage.Sender


class NotSentError(Exception):
    """A try failed. `is_final`: another one would fail as well. The text is a short cause without personal data."""

    def __init__(self, cause: str, *, is_final: bool = False) -> None:
        super().__init__(cause)
        self.is_final = is_final


def sender_for(channel: Channel, organization: Organization) -> OutboxMessage.Sender | None:
    """Who sends by this channel; None if nobody does. A mail server comes before the webhook."""
    if channel is Channel.EMAIL and settings.EMAIL_HOST:
        return Sender.SMTP
    if MESSAGE.name in organization.announced_events:
        return Sender.WEBHOOK
    return Sender.STAFF if settings.OUTBOX_FOR_STAFF else None


def event_key(message_id: int) -> str:
    """The key of the event that announces a message."""
    return f"outbox message {message_id}"


def send_by(sender: OutboxMessage.Sender, message: OutboxMessage) -> None:
    """Send a message. Raises `NotSentError`. The webhook's part has to be in the transaction that stores the state."""
    _SENDERS[sender](message)


def _send_mail(message: OutboxMessage) -> None:
    recipient, text = unseal(message.recipient), unseal(message.text)
    if recipient is None or text is None:
        raise NotSentError("not readable with this SECRET_KEY", is_final=True)
    mail = EmailMessage(SUBJECT, text, to=[recipient], headers={"Auto-Submitted": "auto-generated"})
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        # Codes below 500 are for now: a full mailbox, a greylist.
        is_final = all(code >= 500 for code, _ in error.recipients.values())
        raise NotSentError("recipient refused", is_final=is_final) from None
    except smtplib.SMTPException as error:
        raise NotSentError(type(error).__name__) from None
    except OSError:
        raise NotSentError("no connection") from None
    except ValueError:
        raise NotSentError("malformed address", is_final=True) from None


def _announce(message: OutboxMessage) -> None:
    """Hand over to the webhook, which delivers and retries by itself. What identifies the person stays encrypted there."""
    announce(
        [
            Announcement(
                kind=MESSAGE,
                customer_id=message.customer_id,
                occurred_at=message.created_at,
                facts={
                    "channel": message.channel,
                    "purpose": message.purpose,
                    "expires_at": write_utc(message.expires_at),
                    SEALED: {"recipient": message.recipient, "text": message.text},
                },
                key=event_key(message.pk),
            )
        ]
    )


def _leave_to_staff(_message: OutboxMessage) -> None:
    """Nothing: it can be read in the back office."""


_SENDERS: Final[Mapping[OutboxMessage.Sender, Callable[[OutboxMessage], None]]] = {
    Sender.SMTP: _send_mail,
    Sender.WEBHOOK: _announce,
    Sender.STAFF: _leave_to_staff,
}
