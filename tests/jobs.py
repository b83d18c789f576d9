"""Workers in tests: kinds of loyalty events that leave a mark, processes that work them, and what stands in the queue."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from customers.profile.models import Customer
from engagement.events.deferral import defer_event
from engagement.events.models import DeferredEvent
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.audit.services import Change, record_changes
from organizations.locations.models import Till
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.back_office import register
from tests.factories.locations import TillFactory, till_actor
from tests.forking import kill_session, start_python

PATIENCE = 60.0
LAUNCHER = """
import sys
from use_cases.deferred_events import HANDLERS
from tests.jobs import KINDS
HANDLERS.update(KINDS)
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


def mark(event: DeferredEvent, /, *, by: Actor) -> None:
    """An audit entry: it can neither be changed nor taken back, so two effects are two entries."""
    record_changes([Change(action="marked", object_type="customer", object_id=event.customer_id, new=event.payload)], by=by)


def mark_and_wait(event: DeferredEvent, /, *, by: Actor) -> None:
    """A mark; then, while the transaction is open, the file `reached` is made, and `go` is waited for."""
    mark(event, by=by)
    _reach(event)


def mark_commit_and_wait(event: DeferredEvent, /, *, by: Actor) -> None:
    """A mark; the same once the transaction is committed, while the queue has not learnt yet that the job is done."""
    mark(event, by=by)
    transaction.on_commit(lambda: _reach(event))


def fail(event: DeferredEvent, /, *, by: Actor) -> None:
    """A mark, then an error that quotes what nobody may read."""
    mark(event, by=by)
    raise ZeroDivisionError("asha@example.com")


KINDS = {"mark": mark, "wait": mark_and_wait, "commit": mark_commit_and_wait, "fail": fail}


def _reach(event: DeferredEvent) -> None:
    folder = Path(event.payload["folder"])
    (folder / "reached").touch()
    wait_until((folder / "go").exists)


def marks(customer: Customer) -> list[dict[str, Any]]:
    """The payloads of the customer's marks, oldest first."""
    with organization_scope(customer.organization_id):
        entries = AuditEntry.objects.filter(action="marked", object_id=customer.pk).order_by("pk")
        return list(entries.values_list("new", flat=True))


def committed_till(code: str = "northwind") -> Till:
    """A till of an organization of its own, for tests that commit."""
    with unscoped("tests make their rows"):
        return TillFactory(store__organization__code=code)


def committed_customer(till: Till, mobile: str = "9812300001") -> Customer:
    return register(till, firstname="Ashalata", mobile=mobile)


def defer(customer: Customer, till: Till, kind: str = "mark", **payload: Any) -> DeferredEvent:
    """An event that the till puts off."""
    with organization_scope(till.organization_id), transaction.atomic():
        return defer_event(customer=customer, kind=kind, payload=payload, by=till_actor(till))


def stored(event: DeferredEvent) -> DeferredEvent:
    with organization_scope(event.organization_id):
        return DeferredEvent.objects.get(pk=event.pk)


def statuses(task: str = "work_deferred_events") -> list[str]:
    """What the queue says of the jobs of a task."""
    return list(ProcrastinateJob.objects.filter(task_name=task).order_by("pk").values_list("status", flat=True))


@dataclass(frozen=True)
class WorkerProcess:
    """A worker in a process of its own, and the file of its log."""

    process: BaseProcess
    errors: Path

    def send_signal(self, number: signal.Signals) -> None:
        assert self.process.pid
        os.kill(self.process.pid, number)

    def log(self) -> str:
        """What it has logged by its end, a JSON object a line."""
        self.process.join(PATIENCE)
        return self.errors.read_text(encoding="utf-8")


@contextmanager
def worker_process(*options: str) -> Iterator[WorkerProcess]:
    """Inside: a worker on the test's database, which has ended when the block has."""
    with tempfile.NamedTemporaryFile(prefix="worker-", suffix=".log") as file:
        errors = Path(file.name)
        process = start_python("-c", LAUNCHER, "worker", *options, errors=errors)
        try:
            yield WorkerProcess(process, errors)
        finally:
            process.join(PATIENCE)
            kill_session(process)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
