"""Messages to customers."""

from datetime import timedelta

import factory

from customers.outbox.models import OutboxMessage
from loyalty_project import clock
from loyalty_project.encryption import seal
from tests.factories.base import TenantFactory
from tests.factories.customers import CustomerFactory


class OutboxMessageFactory(TenantFactory):
    """A message that waits, for ten minutes."""

    class Meta:
        model = OutboxMessage

    organization = factory.SelfAttribute("customer.organization")
    customer = factory.SubFactory(CustomerFactory)
    channel = "SMS"
    purpose = "points"
    recipient = factory.LazyFunction(lambda: seal("919812345678"))
    text = factory.LazyFunction(lambda: seal("ABC123 is your code"))
    created_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyFunction(lambda: clock.now() + timedelta(minutes=10))
