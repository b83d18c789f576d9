"""Tasks of loyalty for workers: deferred events, and codes of coupons for printing."""

import structlog
from procrastinate.contrib.django import app

from engagement.coupons import generation
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


@app.task(name=generation.TASK, retry=GrowingDelays())
def generate_codes(*, organization: str, run: int) -> None:
    """Generate what is left of a run of codes."""
    generation.work_run(run, organization=Organization.objects.get(code=organization))


@app.periodic(cron="45 2 * * *")
@app.task(name="pick_up_code_runs")
def pick_up_runs(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: defer jobs for runs of codes that lost theirs."""
    count = generation.pick_up_runs()
    if count:
        log.warning("code_runs_picked_up", runs=count)
