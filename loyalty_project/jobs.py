"""Deferred jobs, stored in the transaction of the work that they belong to: both are committed, or neither.

A job names a task (`tasks.py` of an app) and its arguments: numbers and codes, never personal data. Jobs with the same lock run
one at a time, in the order in which they were deferred; a failed job holds back the later ones until it succeeds. Tasks must be
repeatable: a job whose worker was killed runs again.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, TypeAlias

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Now
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import DEFAULT_QUEUE, Job, Status
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from loyalty_project import clock
from loyalty_project.db.locks import lock as lock_rows
from loyalty_project.db.lookups import is_any_of

Arguments: TypeAlias = Mapping[str, int | str]

# A worker sends a heartbeat every ten seconds. Without one for this long it counts as dead.
SILENCE: Final = timedelta(seconds=30)
LONGEST_DELAY: Final = timedelta(hours=6)
# The queue of deliveries to other systems, which mostly wait: workers take its jobs beside the others.
DELIVERIES: Final = "deliveries"
# The queue of files that staff import, which take minutes: workers run them beside the other jobs, one at a time.
IMPORTS: Final = "imports"

# Not the manager of procrastinate's app: in a worker it has connections of its own, outside of the task's transaction.
_manager: Final = JobManager(DjangoConnector())


class GrowingDelays(BaseRetryStrategy):
    """Retries after 4, 16, 64 seconds and so on, at most six hours, without end."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:  # noqa: ARG002 - the base's signature
        seconds = min(4 ** (job.attempts + 1), int(LONGEST_DELAY.total_seconds()))
        return RetryDecision(retry_in={"seconds": seconds})


def defer_job(task: str, *, lock: str, arguments: Arguments, queue: str = DEFAULT_QUEUE) -> None:
    """Defer a job. A worker takes it as soon as the caller's transaction is committed."""
    defer_jobs(task, {lock: arguments}, queue=queue)


def defer_jobs(task: str, arguments: Mapping[str, Arguments], *, queue: str = DEFAULT_QUEUE) -> None:
    """Defer a job for each lock, in one statement."""
    if not arguments:
        return
    _manager.batch_defer_jobs(
        [
            Job(queue=queue, task_name=task, lock=lock, queueing_lock=None, task_kwargs=dict(given))
            for lock, given in arguments.items()
        ]
    )


@transaction.atomic
def hasten_jobs(task: str, arguments: Mapping[str, Arguments]) -> None:
    """Replace all waiting jobs with these locks by new ones without a delay (`defer_jobs`)."""
    waiting = ProcrastinateJob.objects.filter(is_any_of("lock", arguments, TextField()), status=Status.TODO.value)
    for pk in waiting.order_by("pk").values_list("pk", flat=True):
        _manager.cancel_job_by_id(pk, delete_job=True)
    defer_jobs(task, arguments)


def defer_missing_jobs(task: str, arguments: Mapping[str, Arguments], *, queue: str = DEFAULT_QUEUE) -> int:
    """Defer a job for each lock that has no waiting or running job; return how many."""
    known = ProcrastinateJob.objects.filter(is_any_of("lock", arguments, TextField()))
    live = set(known.filter(status__in=[Status.TODO.value, Status.DOING.value]).values_list("lock", flat=True))
    missing = {lock: given for lock, given in arguments.items() if lock not in live}
    defer_jobs(task, missing, queue=queue)
    return len(missing)


@transaction.atomic
def revive_jobs() -> int:
    """Return the jobs of dead workers to the queue, due now; return how many."""
    of_the_dead = Q(worker=None) | Q(worker__last_heartbeat__lt=Now() - SILENCE)
    # A concurrent call waits here, and then finds no such job.
    stalled = lock_rows(ProcrastinateJob.objects.filter(of_the_dead, status=Status.DOING.value))
    pks = [job.pk for job in stalled]
    for pk in pks:
        _manager.retry_job_by_id(pk, retry_at=clock.now())
    return len(pks)
