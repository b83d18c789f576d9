"""Messages to customers: queued with what causes them, sent by jobs, emptied when they expire."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from customers.identifiers.models import Identifier
from customers.outbox.models import OutboxMessage
from customers.outbox.rules import KEPT_FOR, KINDS, Channel, channels_of
from customers.outbox.senders import NotSentError, event_key, send_by, sender_for
from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.encryption import seal
from loyalty_project.jobs import DELIVERIES, Arguments, defer_jobs
from organizations.audit.actors import Actor
from organizations.tenancy.models import Organization
from webhooks.erasing import withdraw_events

TASK: Final = "send_outbox_message"
EXPIRED: Final = "expired"
NO_SENDER: Final = "no sender"
State = OutboxMessage.State
_AT_ONCE = 1_000


class TryAgainError(Exception):
    """A message could not be sent and is tried again. The text has no personal data: the worker logs it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a customer is reached by a channel."""

    channel: Channel
    recipient: str


def reachable(customer_id: int, *, organization: Organization) -> list[Address]:
    """Where the customer can be sent a code, in the order of the channels of OTP_CHANNEL.

    A channel counts if the customer has its identifier and there is a sender. One query, or none without a sender.
    """
    channels = [
        channel for channel in channels_of(organization.policy.otp_channel) if sender_for(channel, organization) is not None
    ]
    if not channels:
        return []
    current = Identifier.objects.filter(
        customer_id=customer_id, kind__in=[KINDS[channel] for channel in channels], state=Identifier.State.CURRENT
    )
    values = dict(current.values_list("kind", "value"))
    return [Address(channel, values[KINDS[channel]]) for channel in channels if KINDS[channel] in values]


def queue_messages(
    customer_id: int, addresses: Sequence[Address], text: str, *, purpose: str, expires_at: datetime, by: Actor
) -> list[OutboxMessage]:
    """Queue a message to each address, with the jobs that send them: two statements. Call it in a transaction."""
    now = clock.now()
    messages = OutboxMessage.objects.bulk_create(
        OutboxMessage(
            organization=by.organization,
            customer_id=customer_id,
            channel=address.channel,
            purpose=purpose,
            recipient=seal(address.recipient),
            text=seal(text),
            created_at=now,
            expires_at=expires_at,
        )
        for address in addresses
    )
    code = by.organization.code
    jobs: dict[str, Arguments] = {
        f"outbox message {row.pk}": {"organization": code, "message": row.pk} for row in messages
    }  # fmt: skip
    defer_jobs(TASK, jobs, queue=DELIVERIES)
    return messages


def send_message(message_id: int, *, organization: Organization) -> None:
    """Send a message that waits, unless it has expired. The job's lock keeps a message from being sent twice at a time.

    Raises `TryAgainError` after a failed try, which is stored.
    """
    message = OutboxMessage.objects.filter(pk=message_id, state=State.QUEUED).first()
    if message is None:
        return
    now = clock.now()
    if message.expires_at <= now:
        _finish(message, State.FAILED, error=EXPIRED, now=now)
        return
    sender = sender_for(Channel(message.channel), organization)
    try:
        if sender is None:
            raise NotSentError(NO_SENDER)
        with transaction.atomic():
            send_by(sender, message)
            message.sender = sender
            if not _finish(message, State.SENT, tries=message.tries + 1, now=clock.now()):
                # Erased or expired meanwhile: the event must not be announced.
                transaction.set_rollback(True)
    except NotSentError as error:
        message.sender = sender or ""
        state = State.FAILED if error.is_final else State.QUEUED
        _finish(message, state, tries=message.tries + 1, error=str(error), now=clock.now())
        if not error.is_final:
            raise TryAgainError(str(error)) from None


def _finish(
    message: OutboxMessage, state: OutboxMessage.State, *, now: datetime, tries: int | None = None, error: str = ""
) -> int:
    """Store how a try ended; return how many rows. A message that was erased or expired meanwhile stays so: 0."""
    return OutboxMessage.objects.filter(pk=message.pk, state=State.QUEUED).update(
        state=state,
        sender=message.sender,
        tries=message.tries if tries is None else tries,
        error=error,
        finished_at=None if state is State.QUEUED else now,
    )


def expire_messages() -> int:
    """Empty the texts of expired messages of the scope's organization, in steps of a thousand; return how many.

    Those that still waited have failed. What a webhook has not delivered by then is withdrawn.
    """
    expired = 0
    while True:
        count = _expire_some()
        expired += count
        if count < _AT_ONCE:
            return expired


@transaction.atomic
def _expire_some() -> int:
    """One step of `expire_messages`."""
    now = clock.now()
    due = OutboxMessage.objects.filter(expires_at__lte=now).exclude(text="").order_by("pk")
    ids = [row.pk for row in lock(due)[:_AT_ONCE]]
    if not ids:
        return 0
    expired = OutboxMessage.objects.filter(pk__in=ids)
    expired.filter(state=State.QUEUED).update(state=State.FAILED, error=EXPIRED, finished_at=now)
    expired.update(text="")
    withdraw_events([event_key(pk) for pk in ids])
    return len(ids)


def prune_messages() -> int:
    """Delete messages of the scope's organization older than 30 days, in steps of a thousand; return how many."""
    old = OutboxMessage.objects.filter(created_at__lt=clock.now() - KEPT_FOR)
    pruned = 0
    while True:
        count, _ = OutboxMessage.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_AT_ONCE])).delete()
        pruned += count
        if count < _AT_ONCE:
            return pruned
