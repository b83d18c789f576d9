"""Messages to customers: queued, sent, tried again, expired"""

import smtplib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from customers.outbox.models import OutboxMessage
from customers.outbox.rules import Channel
from customers.outbox.services import (
    TASK,
    Address,
    TryAgainError,
    expire_messages,
    prune_messages,
    queue_messages,
    reachable,
    send_message,
)
from customers.profile.models import Customer
from customers.webhook_events import MESSAGE
from loyalty_project import clock
from loyalty_project.encryption import unseal
from organizations.audit.actors import Actor
from tests.factories.webhooks import listen
from webhooks.deliveries.models import Delivery
from webhooks.deliveries.services import open_round
from webhooks.events.models import Event

pytestmark = pytest.mark.django_db
TEXT = "ABC123 is your code"
SMS = Address(Channel.SMS, "919812345678")
EMAIL = Address(Channel.EMAIL, "asha@example.com")


@pytest.fixture(autouse=True)
def nobody_sends(settings: Settings) -> None:
    settings.OUTBOX_FOR_STAFF = False
    settings.EMAIL_HOST = ""


def queue(customer: Customer, by: Actor, *addresses: Address) -> list[OutboxMessage]:
    expires_at = clock.now() + timedelta(minutes=10)
    return queue_messages(customer.pk, addresses, TEXT, purpose="points", expires_at=expires_at, by=by)


def send(message: OutboxMessage, by: Actor) -> tuple[Any, ...]:
    """How the try ended: state, sender, tries, error."""
    with suppress(TryAgainError):
        send_message(message.pk, organization=by.organization)
    message.refresh_from_db()
    return message.state, message.sender, message.tries, message.error


def channels(customer: Customer, by: Actor, wanted: str) -> Sequence[str]:
    by.organization.flags = {"OTP_CHANNEL": wanted}
    return [str(address.channel) for address in reachable(customer.pk, organization=by.organization)]


def test_a_customer_is_reached_where_somebody_sends(asha: Customer, by: Actor, settings: Settings) -> None:
    assert channels(asha, by, "BOTH") == []
    settings.EMAIL_HOST = "mail.example.com"
    assert [channels(asha, by, wanted) for wanted in ("SMS", "EMAIL", "BOTH")] == [[], ["EMAIL"], ["EMAIL"]]
    listen(by.organization, MESSAGE.name)
    assert channels(asha, by, "BOTH") == ["SMS", "EMAIL"]
    asha.identifiers.filter(kind="mobile").update(state="FORMER")
    assert channels(asha, by, "BOTH") == ["EMAIL"]


def test_staff_read_what_nobody_sends(asha: Customer, by: Actor, settings: Settings) -> None:
    settings.OUTBOX_FOR_STAFF = True
    assert channels(asha, by, "BOTH") == ["SMS", "EMAIL"]
    (message,) = queue(asha, by, SMS)
    assert send(message, by) == ("SENT", "STAFF", 1, "")


def test_a_message_is_encrypted_and_has_a_job(asha: Customer, by: Actor) -> None:
    sms, email = queue(asha, by, SMS, EMAIL)
    assert "9812345678" not in sms.recipient
    assert [unseal(row.recipient) for row in (sms, email)] == ["919812345678", "asha@example.com"]
    assert (unseal(sms.text), sms.state, sms.tries) == (TEXT, "QUEUED", 0)
    jobs = ProcrastinateJob.objects.filter(task_name=TASK).order_by("pk")
    assert [(job.lock, job.args["message"], job.queue_name) for job in jobs] == [
        (f"outbox message {row.pk}", row.pk, "deliveries") for row in (sms, email)
    ]


def test_an_e_mail_goes_through_the_mail_server(asha: Customer, by: Actor, settings: Settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    settings.DEFAULT_FROM_EMAIL = "shop@example.com"
    (message,) = queue(asha, by, EMAIL)
    assert send(message, by) == ("SENT", "SMTP", 1, "")
    assert message.finished_at == clock.now()
    (sent,) = mail.outbox
    assert (sent.to, sent.from_email, sent.subject, sent.body) == (
        ["asha@example.com"], "shop@example.com", "Your validation code", TEXT,
    )  # fmt: skip
    assert send(message, by)[0] == "SENT"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("failure", "end"),
    [
        (ConnectionRefusedError(), ("QUEUED", "SMTP", 1, "no connection")),
        (smtplib.SMTPServerDisconnected(), ("QUEUED", "SMTP", 1, "SMTPServerDisconnected")),
        (smtplib.SMTPRecipientsRefused({}), ("FAILED", "SMTP", 1, "recipient refused")),
        (smtplib.SMTPRecipientsRefused({"a@b.c": (550, b"unknown")}), ("FAILED", "SMTP", 1, "recipient refused")),
        (smtplib.SMTPRecipientsRefused({"a@b.c": (451, b"greylisted")}), ("QUEUED", "SMTP", 1, "recipient refused")),
        (ValueError("Invalid address"), ("FAILED", "SMTP", 1, "malformed address")),
    ],
)
def test_a_mail_server_that_fails_is_tried_again(
    asha: Customer,
    by: Actor,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    end: tuple[Any, ...],
) -> None:
    def fail(_mail: object) -> None:
        raise failure

    settings.EMAIL_HOST = "mail.example.com"
    (message,) = queue(asha, by, EMAIL)
    monkeypatch.setattr("customers.outbox.senders.EmailMessage.send", fail)
    assert send(message, by) == end
    monkeypatch.undo()
    settings.EMAIL_HOST = "mail.example.com"
    assert send(message, by)[0] == ("SENT" if end[0] == "QUEUED" else "FAILED")


def test_a_gateway_gets_an_event_with_the_text(asha: Customer, by: Actor) -> None:
    endpoint = listen(by.organization, MESSAGE.name)
    (message,) = queue(asha, by, SMS)
    assert send(message, by) == ("SENT", "WEBHOOK", 1, "")
    event = Event.objects.get()
    assert (event.kind, event.customer_id) == ("message.requested", asha.pk)
    assert "ABC123" not in str(event.facts)
    assert "9812345678" not in str(event.facts)
    taken = open_round(endpoint.pk, organization=by.organization)
    assert taken is not None
    assert orjson.loads(taken.messages[0].body)["data"] == {
        "channel": "SMS", "purpose": "points", "expires_at": "2026-05-01T12:10:00Z", "recipient": "919812345678", "text": TEXT,
    }  # fmt: skip


def test_without_a_sender_a_message_waits(asha: Customer, by: Actor, settings: Settings) -> None:
    (message,) = queue(asha, by, SMS)
    assert send(message, by) == ("QUEUED", "", 1, "no sender")
    settings.OUTBOX_FOR_STAFF = True
    assert send(message, by) == ("SENT", "STAFF", 2, "")


def test_an_expired_message_is_not_sent(asha: Customer, by: Actor, moment: time_machine.Traveller) -> None:
    (message,) = queue(asha, by, EMAIL)
    moment.shift(timedelta(minutes=10))
    assert send(message, by) == ("FAILED", "", 0, "expired")


def test_an_erased_message_is_not_sent(asha: Customer, by: Actor) -> None:
    (message,) = queue(asha, by, SMS)
    OutboxMessage.objects.all().delete()
    send_message(message.pk, organization=by.organization)
    assert not OutboxMessage.objects.exists()


def test_texts_are_emptied_when_they_expire(asha: Customer, by: Actor, moment: time_machine.Traveller) -> None:
    listen(by.organization, MESSAGE.name)
    sent, waiting = queue(asha, by, SMS, EMAIL)
    send(sent, by)
    assert expire_messages() == 0
    moment.shift(timedelta(minutes=10))
    assert (expire_messages(), expire_messages()) == (2, 0)
    rows = OutboxMessage.objects.order_by("pk").values_list("text", "state", "error")
    assert list(rows) == [("", "SENT", ""), ("", "FAILED", "expired")]
    assert Event.objects.get().facts == {}
    assert (Delivery.objects.get().state, Delivery.objects.get().error) == ("FAILED", "withdrawn")
    assert send(waiting, by)[0] == "FAILED"


def test_old_messages_are_deleted(asha: Customer, by: Actor, moment: time_machine.Traveller) -> None:
    queue(asha, by, SMS)
    moment.shift(timedelta(days=29))
    (new,) = queue(asha, by, EMAIL)
    moment.shift(timedelta(days=2))
    assert prune_messages() == 1
    assert OutboxMessage.objects.get() == new


@pytest.mark.parametrize("messages", [3, 4, 5])
def test_many_messages_expire_and_are_deleted_in_steps(
    asha: Customer, by: Actor, moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, messages: int
) -> None:
    monkeypatch.setattr("customers.outbox.services._AT_ONCE", 2)
    queue(asha, by, *[SMS] * messages)
    moment.shift(timedelta(minutes=10))
    assert expire_messages() == messages
    assert set(OutboxMessage.objects.values_list("text", "state")) == {("", "FAILED")}
    moment.shift(timedelta(days=30))
    with CaptureQueriesContext(connection) as queries:
        assert prune_messages() == messages
    deleted = [query for query in queries.captured_queries if query["sql"].startswith("DELETE")]
    assert len(deleted) == (messages + 1) // 2
