"""Tasks that maintain the job queue."""

import structlog
from procrastinate.contrib.django import app

from loyalty_project.jobs import revive_jobs

log = structlog.get_logger(__name__)


@app.periodic(cron="*/5 * * * *")
@app.task(name="revive_jobs")
def revive(timestamp: int) -> None:  # noqa: ARG001 - the due time, passed to every periodic task
    """Return the jobs of dead workers to the queue."""
    count = revive_jobs()
    if count:
        log.warning("jobs_revived", count=count)
