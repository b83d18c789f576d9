"""Tasks of loyalty for workers: deferred events, codes of coupons for printing, and figures of the start page."""

from datetime import timedelta
from typing import Final

import structlog
from procrastinate.contrib.django import app

from engagement.coupons import generation
from engagement.events import deferral
from engagement.figures.refreshing import Refreshed, refresh_figures, was_completed_since
from engagement.rehearsal import running as rehearsals
from loyalty_project import clock
from loyalty_project.jobs import DELIVERIES, IMPORTS, GrowingDelays
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from use_cases.deferred_events import pick_up_deferred_events, work_deferred_events

log = structlog.get_logger(__name__)
_NIGHT: Final = timedelta(hours=12)


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


@app.task(name=rehearsals.TASK, queue=IMPORTS, retry=GrowingDelays())
def rehearse_program(*, organization: str, rehearsal: int) -> None:
    """Try a draft of a program's rules on recorded bills."""
    rehearsals.work_rehearsal(rehearsal, organization=Organization.objects.get(code=organization))


@app.periodic(cron="55 2 * * *")
@app.task(name="tidy_rehearsals", queue=IMPORTS)
def tidy_rehearsals(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: remove rehearsals that are too old, and defer jobs for those that lost theirs."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            if count := rehearsals.prune_rehearsals():
                log.info("rehearsals_removed", organization=organization.code, rehearsals=count)
    if count := rehearsals.pick_up_rehearsals():
        log.warning("rehearsals_picked_up", rehearsals=count)


# Counting takes a while in a large organization: events of customers do not wait for it.
@app.periodic(cron="*/15 * * * *")
@app.task(name="refresh_figures", queue=DELIVERIES)
def refresh(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every quarter of an hour: count the days anew that have changed."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            _log_refresh(organization, refresh_figures(organization))


@app.periodic(cron="20 3 * * *")
@app.task(name="refresh_all_figures", queue=DELIVERIES)
def refresh_completely(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: count every day anew, so that nothing stays wrong that a refresh may have missed."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            # A worker that starts runs every task.
            if not was_completed_since(clock.now() - _NIGHT):
                _log_refresh(organization, refresh_figures(organization, complete=True))


def _log_refresh(organization: Organization, refreshed: Refreshed) -> None:
    log.info("figures_refreshed", organization=organization.code, days=refreshed.days, changed=refreshed.changed)
