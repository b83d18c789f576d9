"""Tasks of customers."""

import structlog
from procrastinate.contrib.django import app

from customers.field_terms.services import align_fields
from customers.outbox import services as outbox
from loyalty_project.jobs import DELIVERIES, GrowingDelays
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

log = structlog.get_logger(__name__)


@app.periodic(cron="*/5 * * * *")
@app.task(name="align_searchable_fields")
def align_searchable_fields(timestamp: int) -> None:  # noqa: ARG001 - periodic tasks get their due time
    """Index fields that became searchable, and remove the index of fields that are no longer searchable."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            for line in align_fields(organization):
                log.info("searchable_field_aligned", organization=organization.code, what=line)


@app.task(name=outbox.TASK, queue=DELIVERIES, retry=GrowingDelays())
def send_outbox_message(*, organization: str, message: int) -> None:
    """Send a message of an organization (its code)."""
    owner = Organization.objects.get(code=organization)
    with organization_scope(owner):
        outbox.send_message(message, organization=owner)


@app.periodic(cron="* * * * *")
@app.task(name="expire_outbox_messages", queue=DELIVERIES)
def expire_outbox_messages(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every minute: empty the texts of messages that have expired."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            outbox.expire_messages()


@app.periodic(cron="25 3 * * *")
@app.task(name="prune_outbox_messages", queue=DELIVERIES)
def prune_outbox_messages(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: delete old messages."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            outbox.prune_messages()
