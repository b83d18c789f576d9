"""Jobs of deliveries: what other parts of a test put into the queue is not seen."""

from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from loyalty_project.jobs import DELIVERIES
from webhooks.deliveries.services import TASK


def queued() -> list[dict[str, Any]]:
    """The arguments of the jobs that wait, in the order of their locks. Each is in its queue, under its endpoint's lock."""
    jobs = ProcrastinateJob.objects.filter(task_name=TASK, status="todo").order_by("lock")
    assert all((job.queue_name, job.lock) == (DELIVERIES, f"webhook endpoint {job.args['endpoint']}") for job in jobs)
    return [job.args for job in jobs]


def queued_endpoints() -> list[int]:
    """The endpoints (ids) that have a job, in order."""
    return sorted(arguments["endpoint"] for arguments in queued())
