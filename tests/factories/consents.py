"""Consents for tests, made the short way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection

from customers.profile.models import Customer
from organizations.locations.models import Till
from subscriptions.models import Channel, ConsentChange, Priority
from subscriptions.rules import Choice
from subscriptions.services import Decision, keep_decisions
from tests.factories.locations import till_actor

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def choice(channel: str = Channel.SMS, priority: str = Priority.BULK, *, yes: bool = True, **more: int) -> Choice:
    return Choice(channel=channel, priority=priority, is_subscribed=yes, **more)


def say(till: Till, customer: Customer, *choices: Choice) -> list[bool]:
    """Keep what the customer says at the till, one choice after the other; what changed anything."""
    return keep_decisions([Decision(customer_id=customer.pk, choice=one, at=AT) for one in choices], by=till_actor(till))


def history(customer: Customer) -> list[tuple[str, str, int, bool | None, bool]]:
    """The log of a customer, oldest first."""
    log = ConsentChange.objects.filter(customer=customer).order_by("pk")
    return list(log.values_list("channel", "priority", "revision", "old", "new"))


@contextmanager
def without_table(table: str) -> Iterator[None]:
    """Inside: the database knows no such table. For what happens when it fails."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")
