"""The outbox in the back office"""

from datetime import timedelta

import pytest
from django.test import Client

from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from loyalty_project import clock
from organizations.locations.models import Till
from tests.back_office import list_of, log_in, page_of, register, shown
from tests.factories.messages import OutboxMessageFactory
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db
NOUN = "customers_outboxmessage"


@pytest.fixture
def asha(till: Till) -> Customer:
    return register(till, mobile="9812312345", firstname="Asha")


@pytest.fixture
def message(asha: Customer) -> OutboxMessage:
    row: OutboxMessage = OutboxMessageFactory(customer=asha)
    return row


def page(browser: Client, message: OutboxMessage) -> str:
    return browser.get(page_of(NOUN, message)).content.decode()


def test_messages_are_listed_without_their_texts(administrator: Client, message: OutboxMessage) -> None:
    answer = administrator.get(list_of(NOUN))
    assert shown(answer) == [message]
    content = answer.content.decode()
    assert "waiting" in content
    assert "ABC123" not in content


def test_an_administrator_reads_a_text_until_it_expires(administrator: Client, message: OutboxMessage) -> None:
    content = page(administrator, message)
    assert "ABC123 is your code" in content
    assert "+91 98123 45678" in content
    message.expires_at = clock.now() - timedelta(seconds=1)
    message.save(update_fields=["expires_at"])
    assert "ABC123" not in page(administrator, message)


def test_an_auditor_sees_a_message_without_its_text(message: OutboxMessage) -> None:
    auditor = log_in(StaffMemberFactory(organization=message.organization, role="auditor"))
    content = page(auditor, message)
    assert "redeeming points" in content
    assert "ABC123" not in content


def test_messages_are_found_by_customer_and_state(administrator: Client, message: OutboxMessage) -> None:
    other = OutboxMessageFactory(
        customer__organization=message.organization, state="SENT", sender="STAFF", finished_at=clock.now()
    )
    assert shown(administrator.get(f"{list_of(NOUN)}?q=9812312345")) == [message]
    assert shown(administrator.get(f"{list_of(NOUN)}?state__exact=SENT")) == [other]


def test_a_text_of_another_secret_key_cannot_be_read(administrator: Client, message: OutboxMessage) -> None:
    message.text = message.recipient = "gAAAAA"
    message.save(update_fields=["text", "recipient"])
    assert page(administrator, message).count("cannot be read: SECRET_KEY has changed") == 2
