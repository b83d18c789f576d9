"""Tasks of loyalty for workers: deferred events, codes of coupons for printing, and figures of the start page."""

import structlog
from procrastinate.contrib.django import app

from engagement.coupons import generation
from engagement.events import deferral
from engagement.figures.refreshing import refresh_figures
from loyalty_project.jobs import GrowingDelays
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
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


@app.periodic(cron="*/15 * * * *")
@app.task(name="refresh_figures")
def refresh(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every quarter of an hour: count the days anew that have changed."""
    _refresh_all(complete=False)


@app.periodic(cron="20 3 * * *")
@app.task(name="refresh_all_figures")
def refresh_completely(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: count every day anew, so that nothing stays wrong that a refresh may have missed."""
    _refresh_all(complete=True)


def _refresh_all(*, complete: bool) -> None:
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            refreshed = refresh_figures(organization, complete=complete)
        log.info("figures_refreshed", organization=organization.code, days=refreshed.days, changed=refreshed.changed)
