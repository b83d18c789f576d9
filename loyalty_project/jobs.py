"""How is work put off until later? As a job in the database, in the transaction of what it belongs to: both stand, or neither.

A job names a task (`tasks.py` of an app) and its arguments: numbers and codes, never personal data. Of the jobs with one lock
one is worked at a time, in the order in which they were put off; one that failed holds back those behind it until it succeeds.
Tasks must bear being worked twice: a job whose worker was killed is worked again.
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

# A worker gives a sign of life every ten seconds; one that is silent for longer than this is dead.
SILENCE: Final = timedelta(seconds=30)
LONGEST_DELAY: Final = timedelta(hours=6)

# Not the application's manager: inside a worker that one has connections of its own, outside of the task's transaction.
_manager: Final = JobManager(DjangoConnector())


class GrowingDelays(BaseRetryStrategy):
    """A job that fails is tried again after 4 seconds, 16, 64 and so on, at last every six hours. It is never given up."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:  # noqa: ARG002 - the base's signature
        seconds = min(4 ** (job.attempts + 1), int(LONGEST_DELAY.total_seconds()))
        return RetryDecision(retry_in={"seconds": seconds})


def defer_job(task: str, *, lock: str, arguments: Arguments) -> None:
    """Put one job off. It exists once the caller's transaction is committed, and a worker takes it at once then."""
    defer_jobs(task, {lock: arguments})


def defer_jobs(task: str, arguments: Mapping[str, Arguments]) -> None:
    """Put off a job for each lock, in one statement."""
    if not arguments:
        return
    _manager.batch_defer_jobs(
        [
            Job(queue=DEFAULT_QUEUE, task_name=task, lock=lock, queueing_lock=None, task_kwargs=dict(given))
            for lock, given in arguments.items()
        ]
    )


@transaction.atomic
def hasten_jobs(task: str, arguments: Mapping[str, Arguments]) -> None:
    """As `defer_jobs`, in the place of all jobs with these locks that wait: a long delay before the next try ends now."""
    waiting = ProcrastinateJob.objects.filter(is_any_of("lock", arguments, TextField()), status=Status.TODO.value)
    for pk in waiting.order_by("pk").values_list("pk", flat=True):
        _manager.cancel_job_by_id(pk, delete_job=True)
    defer_jobs(task, arguments)


def defer_missing_jobs(task: str, arguments: Mapping[str, Arguments]) -> int:
    """As `defer_jobs`, for those locks alone that no job has which waits or is being worked; how many."""
    known = ProcrastinateJob.objects.filter(is_any_of("lock", arguments, TextField()))
    live = set(known.filter(status__in=[Status.TODO.value, Status.DOING.value]).values_list("lock", flat=True))
    missing = {lock: given for lock, given in arguments.items() if lock not in live}
    defer_jobs(task, missing)
    return len(missing)


@transaction.atomic
def revive_jobs() -> int:
    """Let the jobs of workers that died be worked again, from now on; how many there were."""
    of_the_dead = Q(worker=None) | Q(worker__last_heartbeat__lt=Now() - SILENCE)
    # Who comes second waits here, and then finds them revived.
    stalled = lock_rows(ProcrastinateJob.objects.filter(of_the_dead, status=Status.DOING.value))
    pks = [job.pk for job in stalled]
    for pk in pks:
        _manager.retry_job_by_id(pk, retry_at=clock.now())
    return len(pks)
