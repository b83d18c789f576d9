"""Tasks of customers."""

from structlog.testing import capture_logs

from customers.outbox.models import OutboxMessage
from customers.tasks import align_searchable_fields, expire_outbox_messages, prune_outbox_messages, send_outbox_message
from loyalty_project import clock
from organizations.tenancy.scoping import no_scope, organization_scope
from tests.factories.fields import FieldFactory
from tests.factories.messages import OutboxMessageFactory
from tests.jobs import committed_till


def test_fields_of_every_organization_are_aligned_and_reported(transactional_db: None) -> None:
    for code in ("northwind", "bazaar"):
        organization = committed_till(code).organization
        with organization_scope(organization):
            FieldFactory(organization=organization, name="town", is_searchable=True)
    with no_scope(), capture_logs() as logs:
        align_searchable_fields(timestamp=0)
        align_searchable_fields(timestamp=0)
    assert [(log["organization"], log["what"]) for log in logs] == [
        ("bazaar", "custom field town: indexed"),
        ("northwind", "custom field town: indexed"),
    ]


def test_messages_of_every_organization_are_sent_and_expired(transactional_db: None) -> None:
    for code in ("northwind", "bazaar"):
        organization = committed_till(code).organization
        with organization_scope(organization):
            message = OutboxMessageFactory(customer__organization=organization)
            late = OutboxMessageFactory(customer__organization=organization, expires_at=clock.now())
        with no_scope():
            send_outbox_message(organization=code, message=message.pk)
            expire_outbox_messages(timestamp=0)
            prune_outbox_messages(timestamp=0)
        with organization_scope(organization):
            assert [OutboxMessage.objects.get(pk=row.pk).state for row in (message, late)] == ["SENT", "FAILED"]
