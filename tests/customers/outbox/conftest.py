"""A customer with a mobile and an e-mail address, and a till that queues messages to them"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from customers.profile.models import Customer
from organizations.audit.actors import Actor, command_actor
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.customers import CustomerFactory, IdentifierFactory

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def asha(organization: Organization, moment: time_machine.Traveller) -> Iterator[Customer]:
    with organization_scope(organization):
        customer = CustomerFactory(organization=organization)
        for kind, value in (("mobile", "919812345678"), ("email", "asha@example.com")):
            IdentifierFactory(customer=customer, kind=kind, value=value)
        yield customer


@pytest.fixture
def by(organization: Organization) -> Actor:
    return command_actor("test", organization)
