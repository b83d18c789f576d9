"""Jobs commit or roll back with the transaction that defers them, wait behind each other, and survive their workers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from loyalty_project.jobs import (
    GrowingDelays,
    defer_job,
    defer_jobs,
    defer_missing_jobs,
    hasten_jobs,
    revive_jobs,
)
from tests.loyalty_project.queues import fetch, make_worker
from tests.races import race

TASK = "some_task"
pytestmark = pytest.mark.django_db


def queued() -> list[tuple[str | None, dict[str, int | str]]]:
    """Lock and arguments of every job that waits, in order."""
    return list(ProcrastinateJob.objects.filter(status="todo").order_by("pk").values_list("lock", "args"))


def put_off_until(moment: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = %s", [moment])


def test_a_job_exists_only_if_its_transaction_commits() -> None:
    with transaction.atomic():
        defer_job(TASK, lock="a", arguments={"organization": "northwind", "customer": 7})
    assert queued() == [("a", {"organization": "northwind", "customer": 7})]


def test_a_job_falls_with_its_transaction() -> None:
    with transaction.atomic():
        defer_job(TASK, lock="a", arguments={})
        transaction.set_rollback(True)
    assert queued() == []


@pytest.mark.parametrize("count", [0, 1, 3])
def test_many_jobs_are_put_off_by_one_statement(count: int, django_assert_num_queries) -> None:
    with django_assert_num_queries(min(count, 1)):
        defer_jobs(TASK, {f"lock {n}": {"customer": n} for n in range(count)})
    assert queued() == [(f"lock {n}", {"customer": n}) for n in range(count)]


def test_only_missing_jobs_are_put_off() -> None:
    defer_jobs(TASK, {"waits": {}, "is worked": {}, "failed": {}})
    worker = make_worker()
    for lock, status in [("is worked", "doing"), ("failed", "failed")]:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET status = %s, worker_id = %s WHERE lock = %s", [status, worker, lock])
    assert defer_missing_jobs(TASK, {lock: {} for lock in ("waits", "is worked", "failed", "never was")}) == 2
    assert sorted(lock or "" for lock, _ in queued()) == ["failed", "never was", "waits"]


def test_a_hastened_job_takes_the_place_of_those_that_wait() -> None:
    defer_jobs(TASK, {"a": {"customer": 1}, "b": {"customer": 2}})
    put_off_until(datetime.now(UTC) + timedelta(hours=1))
    assert fetch() is None
    hasten_jobs(TASK, {"a": {"customer": 1}})
    assert fetch() == "a"
    assert queued() == [("b", {"customer": 2})]


def test_a_job_that_waits_for_its_next_try_holds_back_those_behind_it() -> None:
    defer_job(TASK, lock="a", arguments={})
    put_off_until(datetime.now(UTC) + timedelta(hours=1))
    defer_job(TASK, lock="a", arguments={})
    defer_job(TASK, lock="b", arguments={})
    assert [fetch(), fetch()] == ["b", None]


def test_jobs_of_workers_that_died_are_worked_again() -> None:
    alive, silent, gone = make_worker(), make_worker(silent_for=timedelta(minutes=1)), make_worker()
    for lock in ("of the living", "of the silent", "of the gone"):
        defer_job(TASK, lock=lock, arguments={})
    assert [fetch(alive), fetch(silent), fetch(gone)] == ["of the living", "of the silent", "of the gone"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers WHERE id = %s", [gone])
    assert revive_jobs() == 2
    assert [lock for lock, _ in queued()] == ["of the silent", "of the gone"]
    assert revive_jobs() == 0


@pytest.mark.django_db(transaction=True)
def test_two_revive_the_same_jobs_once(queue: None) -> None:
    worker = make_worker(silent_for=timedelta(minutes=1))
    defer_job(TASK, lock="a", arguments={})
    fetch(worker)
    assert sorted(race([[0], [0]], lambda _: revive_jobs())) == [0, 1]


def test_delays_grow_up_to_six_hours_and_never_end() -> None:
    def delay(attempts: int) -> timedelta:
        job = Job(queue="default", task_name=TASK, lock=None, queueing_lock=None, attempts=attempts)
        decision = GrowingDelays().get_retry_decision(exception=ZeroDivisionError(), job=job)
        assert decision.retry_at is not None
        return decision.retry_at - datetime.now(UTC)

    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        assert [delay(n).total_seconds() for n in (0, 1, 2, 6, 7, 500)] == [4, 16, 64, 16_384, 21_600, 21_600]


def test_every_task_is_known_by_its_name() -> None:
    ours = {name for name in app.tasks if "builtin" not in name}
    assert ours == {
        "revive_jobs",
        "work_deferred_events",
        "pick_up_deferred_events",
        "generate_coupon_codes",
        "pick_up_code_runs",
        "refresh_figures",
        "refresh_all_figures",
        "align_searchable_fields",
        "deliver_webhooks",
        "wake_webhooks",
        "prune_webhooks",
        "rehearse_program",
        "tidy_rehearsals",
        "send_outbox_message",
        "expire_outbox_messages",
        "prune_outbox_messages",
        "check_uploaded_file",
        "import_uploaded_file",
        "pick_up_imports",
        "prune_import_files",
        "prune_submissions",
    }
    assert {periodic_task.task.name for periodic_task in app.periodic_registry.periodic_tasks.values()} == {
        "revive_jobs",
        "pick_up_deferred_events",
        "pick_up_code_runs",
        "refresh_figures",
        "refresh_all_figures",
        "align_searchable_fields",
        "wake_webhooks",
        "prune_webhooks",
        "tidy_rehearsals",
        "expire_outbox_messages",
        "prune_outbox_messages",
        "pick_up_imports",
        "prune_import_files",
        "prune_submissions",
    }
