"""Tasks of webhooks, in the queue of deliveries (loyalty_project/worker.py)."""

import structlog
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from loyalty_project.jobs import DELIVERIES
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from webhooks.deliveries import services
from webhooks.delivering import serve_endpoint

log = structlog.get_logger(__name__)


# Failed deliveries are stored, not raised: what the job raises is trouble of our own, such as a lost database.
@app.task(name=services.TASK, queue=DELIVERIES, retry=RetryStrategy(wait=60))
async def deliver(*, organization: str, endpoint: int) -> None:
    """Deliver what is due at one endpoint."""
    await serve_endpoint(endpoint, organization_code=organization)


@app.periodic(cron="* * * * *")
@app.task(name="wake_webhooks", queue=DELIVERIES)
def wake(timestamp: int) -> None:  # noqa: ARG001 - the due time, which every periodic task receives
    """Every minute: give up what is too old, and defer jobs for endpoints with deliveries that are due again."""
    expired = services.expire_deliveries()
    if expired:
        log.warning("webhooks_given_up", deliveries=expired)
    services.wake_endpoints()


@app.periodic(cron="15 3 * * *")
@app.task(name="prune_webhooks", queue=DELIVERIES)
def prune(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: delete old events with their deliveries."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            count = services.prune_log()
        if count:
            log.info("webhooks_pruned", organization=organization.code, events=count)
