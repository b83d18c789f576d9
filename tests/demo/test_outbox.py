"""Messages of the demo."""

import pytest

from customers.outbox.models import OutboxMessage
from demo.outbox import send_demo_codes
from organizations.locations.models import Till
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.points import PointsAccountFactory, give_points

pytestmark = pytest.mark.django_db


def test_members_with_points_are_sent_codes_once(till: Till) -> None:
    for number in range(4):
        customer = CustomerFactory(organization=till.organization, registered_till=till, registered_store=till.store)
        IdentifierFactory(customer=customer, kind="mobile", value=f"91981230000{number}")
        give_points(PointsAccountFactory(organization=till.organization, customer=customer), 500)
    assert send_demo_codes(till.organization) == 3
    assert OutboxMessage.objects.filter(state="QUEUED", channel="SMS").count() == 3
    assert send_demo_codes(till.organization) == 0
