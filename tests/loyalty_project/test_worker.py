"""A worker takes what is due, logs little about it, and ends when it should."""

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from engagement.events.models import DeferredEvent
from loyalty_project.worker import WorkerEndedError, work_jobs
from organizations.audit.actors import Actor
from organizations.locations.models import Till
from tests.jobs import KINDS, committed_customer, committed_till, defer, mark, marks, statuses, stored, wait_until
from tests.loyalty_project.queues import without
from use_cases.deferred_events import HANDLERS

LISTENING = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def till(queue: None, monkeypatch: pytest.MonkeyPatch) -> Till:
    """A till whose events may be of the tests' kinds."""
    for kind, handler in KINDS.items():
        monkeypatch.setitem(HANDLERS, kind, handler)
    return committed_till()


@pytest.fixture
def beside() -> Iterator[Any]:
    """Runs a function in a thread, which is waited for."""
    threads: list[threading.Thread] = []

    def start(work: Any) -> None:
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


def work_what_is_due() -> list[Any]:
    with capture_logs() as logs:
        work_jobs(concurrency=1, until_empty=True)
    return logs


def is_listening() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {LISTENING}")
        return bool(cursor.fetchone()[0])


def test_until_empty_everything_that_is_due_is_worked_and_leaves_the_queue(till: Till) -> None:
    anna, bela = committed_customer(till), committed_customer(till, "9812300002")
    for number in (1, 2):
        defer(anna, till, number=number)
    defer(bela, till)
    work_what_is_due()
    assert marks(anna) == [{"number": 1}, {"number": 2}]
    assert marks(bela) == [{}]
    assert statuses() == []


def test_a_failing_job_waits_for_its_next_try_and_stops_no_other(till: Till) -> None:
    anna, bela = committed_customer(till), committed_customer(till, "9812300002")
    failing, behind = defer(anna, till, "fail"), defer(anna, till)
    defer(bela, till)
    logs = work_what_is_due()
    assert stored(failing).last_error == "ZeroDivisionError"
    assert stored(behind).worked_at is None
    assert marks(bela) == [{}]
    (failed,) = [log for log in logs if log["event"] == "job_failed"]
    assert failed["attempt"] == 1
    job = ProcrastinateJob.objects.order_by("pk").first()
    assert job
    assert (job.status, job.attempts) == ("todo", 1)
    # Nothing is due: neither the failing job nor the one behind it.
    work_what_is_due()
    assert stored(failing).attempts == 1


def test_the_log_names_job_task_and_organization_alone(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def look(_event: DeferredEvent, /, *, by: Actor) -> None:
        seen.append(get_contextvars())

    monkeypatch.setitem(HANDLERS, "look", look)
    defer(committed_customer(till), till, "look")
    (job,) = ProcrastinateJob.objects.values_list("pk", flat=True)
    work_what_is_due()
    assert seen == [{"job": job, "task": "work_deferred_events", "organization": "northwind"}]


def test_what_is_due_regularly_is_done_at_the_start(till: Till) -> None:
    anna = committed_customer(till)
    defer(anna, till)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    logs = work_what_is_due()
    assert marks(anna) == [{}]
    assert {"event": "deferred_events_picked_up", "log_level": "warning", "customers": 1} in logs


def test_a_signal_ends_it_after_the_job_at_work(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bela = committed_customer(till), committed_customer(till, "9812300002")
    before = signal.getsignal(signal.SIGTERM)

    def end_worker(event: DeferredEvent, /, *, by: Actor) -> None:
        # A second signal changes nothing.
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        mark(event, by=by)

    monkeypatch.setitem(HANDLERS, "end", end_worker)
    defer(anna, till, "end")
    waiting = defer(bela, till)
    work_jobs(concurrency=1, until_empty=False)
    assert marks(anna) == [{}]
    assert stored(waiting).worked_at is None
    assert signal.getsignal(signal.SIGTERM) == before


def test_several_jobs_are_worked_at_a_time(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)

    def meet(event: DeferredEvent, /, *, by: Actor) -> None:
        both.wait(timeout=60)
        mark(event, by=by)
        if both.wait(timeout=60) == 0:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setitem(HANDLERS, "meet", meet)
    customers = [committed_customer(till), committed_customer(till, "9812300002")]
    for customer in customers:
        defer(customer, till, "meet")
    work_jobs(concurrency=2, until_empty=False)
    assert [marks(customer) for customer in customers] == [[{}], [{}]]


def test_a_job_that_comes_while_it_waits_is_worked(till: Till, beside: Any) -> None:
    anna = committed_customer(till)

    def put_off_and_end() -> None:
        try:
            wait_until(is_listening)
            event = defer(anna, till)
            wait_until(lambda: stored(event).worked_at is not None)
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            connection.close()

    beside(put_off_and_end)
    work_jobs(concurrency=1, until_empty=False)
    assert marks(anna) == [{}]


def test_a_lost_connection_is_made_anew(till: Till, beside: Any) -> None:
    anna = committed_customer(till)

    def cut_put_off_and_end() -> None:
        try:
            wait_until(is_listening)
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_terminate_backend(pid) {LISTENING}")
            wait_until(is_listening)
            event = defer(anna, till)
            wait_until(lambda: stored(event).worked_at is not None)
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            connection.close()

    beside(cut_put_off_and_end)
    work_jobs(concurrency=1, until_empty=False)
    assert marks(anna) == [{}]


def test_what_fails_beside_the_jobs_ends_it(till: Till) -> None:
    with without("procrastinate_defer_periodic_job_v2"), pytest.raises(WorkerEndedError):
        work_jobs(concurrency=1, until_empty=False)
