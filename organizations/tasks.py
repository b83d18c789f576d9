"""Tasks of organizations for workers: files that staff import, and forms that were sent."""

import structlog
from procrastinate.contrib.django import app

from loyalty_project.jobs import IMPORTS, GrowingDelays
from organizations.imports import checking, running, uploads
from organizations.submissions.services import prune_submissions
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

log = structlog.get_logger(__name__)


@app.task(name=uploads.CHECK_TASK, queue=IMPORTS, retry=GrowingDelays())
def check_uploaded_file(*, organization: str, file: int) -> None:
    """Preview the import of a file."""
    checking.check_file(file, organization=Organization.objects.get(code=organization))


@app.task(name=running.TASK, queue=IMPORTS, retry=GrowingDelays())
def import_uploaded_file(*, organization: str, file: int) -> None:
    """Import what is left of a file."""
    running.import_file(file, organization=Organization.objects.get(code=organization))


@app.periodic(cron="50 2 * * *")
@app.task(name="pick_up_imports", queue=IMPORTS)
def pick_up_imports(timestamp: int) -> None:  # noqa: ARG001 - the due time, which every periodic task receives
    """Every night: defer jobs for checks and imports that lost theirs."""
    count = running.pick_up_imports()
    if count:
        log.warning("imports_picked_up", files=count)


@app.periodic(cron="15 3 * * *")
@app.task(name="prune_import_files", queue=IMPORTS)
def prune_import_files(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: remove files of imports that are too old."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            if count := uploads.prune_files(organization):
                log.info("import_files_removed", organization=organization.code, files=count)


@app.periodic(cron="35 3 * * *")
@app.task(name="prune_submissions")
def prune_sent_forms(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Every night: delete the one-time tokens of forms that were sent long ago."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            if count := prune_submissions():
                log.info("submissions_pruned", organization=organization.code, submissions=count)
