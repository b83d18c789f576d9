"""Which tasks look after the jobs themselves?"""

import structlog
from procrastinate.contrib.django import app

from loyalty_project.jobs import revive_jobs

log = structlog.get_logger(__name__)


@app.periodic(cron="*/5 * * * *")
@app.task(name="revive_jobs")
def revive(timestamp: int) -> None:  # noqa: ARG001 - when it was due, as every periodic task is told
    """The jobs of workers that died go back into the queue."""
    count = revive_jobs()
    if count:
        log.warning("jobs_revived", count=count)
