"""The jobs of workers that died go back into the queue, and the log says how many."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from loyalty_project.jobs import defer_job
from loyalty_project.tasks import revive
from tests.loyalty_project.queues import fetch, make_worker


@pytest.mark.django_db
def test_revived_jobs_are_counted_in_a_log_line() -> None:
    defer_job("some_task", lock="a", arguments={})
    fetch(make_worker(silent_for=timedelta(minutes=1)))
    with capture_logs() as logs:
        revive(timestamp=0)
        revive(timestamp=0)
    assert logs == [{"event": "jobs_revived", "log_level": "warning", "count": 1}]
