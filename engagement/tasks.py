"""Tasks of deferred loyalty events for workers. Each calls a use case."""

import structlog
from procrastinate.contrib.django import app

from engagement.events import deferral
from loyalty_project.jobs import GrowingDelays
from organizations.tenancy.models import Organization
from use_cases.deferred_events import pick_up_deferred_events, work_deferred_events

log = structlog.get_logger(__name__)


@app.task(name=deferral.TASK, retry=GrowingDelays())
def work_events(*, organization: str, customer: int) -> None:
    """Handle the deferred loyalty events of one customer."""
    work_deferred_events(Organization.objects.get(code=organization), customer)


@app.periodic(cron="30 2 * * *")
@app.task(name="pick_up_deferred_events")
def pick_up_events(timestamp: int) -> None:  # noqa: ARG001 - the due time, which every periodic task receives
    """Every night: defer jobs for deferred events that lost theirs."""
    count = pick_up_deferred_events()
    if count:
        log.warning("deferred_events_picked_up", customers=count)
