"""Workers as processes: stopped, killed at the worst of moments, or put on cron."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from organizations.locations.models import Till
from tests.jobs import (
    KINDS,
    committed_customer,
    committed_till,
    defer,
    marks,
    statuses,
    stored,
    wait_until,
    worker_process,
)
from tests.loyalty_project.queues import silence_workers, without
from use_cases.deferred_events import HANDLERS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def till(queue: None) -> Till:
    return committed_till()


def lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines()]


def test_sigterm_ends_it_once_the_job_at_work_is_done(till: Till, tmp_path: Path) -> None:
    anna, bela = committed_customer(till), committed_customer(till, "9812300002")
    at_work, behind = defer(anna, till, "wait", folder=str(tmp_path)), defer(bela, till)
    with worker_process() as worker:
        try:
            wait_until((tmp_path / "reached").exists)
            worker.send_signal(signal.SIGTERM)
        finally:
            (tmp_path / "go").touch()
        log = worker.log()
    assert worker.process.exitcode == 0, log
    assert stored(at_work).worked_at is not None
    assert stored(behind).worked_at is None
    assert statuses() == ["todo"]
    assert lines(log)[-1]["event"] == "worker_stopped"
    (done,) = [line for line in lines(log) if line["event"] == "job_done" and line["task"] == "work_deferred_events"]
    assert {name: done[name] for name in done.keys() - {"timestamp", "job"}} == {
        "event": "job_done",
        "level": "info",
        "logger": "loyalty_project.worker",
        "task": "work_deferred_events",
        "organization": "northwind",
    }


@pytest.mark.parametrize(
    ("kind", "effects_after_the_kill"), [("wait", 0), ("commit", 1)], ids=["before the commit", "after the commit"]
)
def test_a_worker_killed_before_the_end_of_its_job_leaves_one_effect(
    till: Till, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, effects_after_the_kill: int
) -> None:
    anna = committed_customer(till)
    event = defer(anna, till, kind, folder=str(tmp_path))
    with worker_process() as worker:
        try:
            wait_until((tmp_path / "reached").exists)
        finally:
            worker.send_signal(signal.SIGKILL)
    assert len(marks(anna)) == effects_after_the_kill
    assert statuses() == ["doing"]
    silence_workers()
    (tmp_path / "go").touch()
    with worker_process("--until-empty") as again:
        log = again.log()
    assert again.process.exitcode == 0, log
    assert any(line["event"] == "jobs_revived" and line["count"] >= 1 for line in lines(log))
    assert len(marks(anna)) == 1
    assert (stored(event).worked_at is not None, stored(event).attempts) == (True, 1)
    assert statuses() == []


def test_errors_are_logged_without_personal_data(till: Till) -> None:
    anna = committed_customer(till, "9812300001")
    defer(anna, till, "fail", mobile="9812300001")
    with worker_process("--until-empty") as worker:
        log = worker.log()
    assert worker.process.exitcode == 0, log
    (failed,) = [line for line in lines(log) if line["event"] == "job_failed"]
    assert (failed["task"], failed["organization"], failed["attempt"]) == ("work_deferred_events", "northwind", 1)
    assert "ZeroDivisionError" in failed["exception"]
    assert not [word for word in ("9812300001", "Ashalata") if word in log]


def test_the_command_works_what_is_due_and_ends(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "mark", KINDS["mark"])
    anna = committed_customer(till)
    defer(anna, till)
    call_command("worker", "--until-empty")
    assert marks(anna) == [{}]


def test_a_database_that_refuses_is_an_error(queue: None) -> None:
    with (
        without("procrastinate_fetch_job_v2"),
        pytest.raises(CommandError, match=r"The worker has lost the database: .*function procrastinate_fetch_job_v2\("),
    ):
        call_command("worker")


def test_what_fails_beside_the_jobs_is_an_error(queue: None) -> None:
    with without("procrastinate_defer_periodic_job_v2"), pytest.raises(CommandError, match="Something other than a job failed"):
        call_command("worker", "--concurrency", "2")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--concurrency", "0"], "must be 1 or more"),
        (["--until-empty", "--concurrency", "2"], "not allowed with"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("worker", *options)
