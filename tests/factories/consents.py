"""Factories of consents and their log; how tests record choices at a till."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection
from factory import SelfAttribute, SubFactory

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from subscriptions.models import Channel, Consent, ConsentChange, Priority
from subscriptions.rules import Choice
from subscriptions.services import Decision, keep_decisions
from tests.factories.base import TenantFactory
from tests.factories.customers import CustomerFactory
from tests.factories.locations import till_actor

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ConsentFactory(TenantFactory):
    """A customer's first choice, which was yes."""

    class Meta:
        model = Consent

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    channel = Channel.SMS
    priority = Priority.BULK
    revision = 1
    is_subscribed = True
    decided_at = AT


class ConsentChangeFactory(TenantFactory):
    """The log's entry of a customer's first choice, which was yes."""

    class Meta:
        model = ConsentChange

    organization = SelfAttribute("customer.organization")
    customer = SubFactory(CustomerFactory)
    channel = Channel.SMS
    priority = Priority.BULK
    revision = 1
    old = None
    new = True
    at = AT
    source = AuditEntry.Source.API
    actor = "till:mgroad.till1"


def choice(channel: str = Channel.SMS, priority: str = Priority.BULK, *, yes: bool = True, **more: int) -> Choice:
    return Choice(channel=channel, priority=priority, is_subscribed=yes, **more)


def say(till: Till, customer: Customer, *choices: Choice) -> list[bool]:
    """Record a customer's choices at the till, one after the other. Returns which of them changed a consent."""
    return keep_decisions([Decision(customer_id=customer.pk, choice=choice, at=AT) for choice in choices], by=till_actor(till))


def history(customer: Customer) -> list[tuple[str, str, int, bool | None, bool]]:
    """The log of a customer, oldest first."""
    log = ConsentChange.objects.filter(customer=customer).order_by("pk")
    return list(log.values_list("channel", "priority", "revision", "old", "new"))


@contextmanager
def without_table(table: str) -> Iterator[None]:
    """Context without this table in the database, in which reading it fails."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")
