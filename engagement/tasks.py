"""Which tasks do workers find here? Those of deferred loyalty events: each has a name and calls a journey."""

import structlog
from procrastinate.contrib.django import app

from engagement.events import deferral
from loyalty_project.jobs import GrowingDelays
from organizations.tenancy.models import Organization
from use_cases.deferred_events import pick_up_deferred_events, work_deferred_events

log = structlog.get_logger(__name__)


@app.task(name=deferral.TASK, retry=GrowingDelays())
def work_events(*, organization: str, customer: int) -> None:
    """Work the deferred loyalty events of one customer."""
    work_deferred_events(Organization.objects.get(code=organization), customer)


@app.periodic(cron="30 2 * * *")
@app.task(name="pick_up_deferred_events")
def pick_up_events(timestamp: int) -> None:  # noqa: ARG001 - when it was due, as every periodic task is told
    """Every night: deferred events whose job was lost get another."""
    count = pick_up_deferred_events()
    if count:
        log.warning("deferred_events_picked_up", customers=count)
