"""Workers in tests: kinds of loyalty events that leave a mark, processes that work them, and what stands in the queue."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from customers.models import Customer
from engagement.models import DeferredEvent
from engagement.services.deferral import defer_event
from organizations.actors import Actor
from organizations.models import AuditEntry, Till
from organizations.scoping import organization_scope, unscoped
from organizations.services.audit import Change, record_changes
from tests.back_office import register
from tests.factories import make_organization, make_store, make_till, till_actor

PATIENCE = 60.0
LAUNCHER = """
import os, sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()
from customers.journeys.deferred import HANDLERS
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
        found = AuditEntry.objects.filter(action="marked", object_id=customer.pk).order_by("pk")
        return list(found.values_list("new", flat=True))


def committed_till(code: str = "northwind") -> Till:
    """A till of an organization of its own, for tests that commit."""
    with unscoped("tests make their rows"):
        return make_till(make_store(make_organization(code)))


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


def worker_process(*options: str) -> "subprocess.Popen[str]":
    """A worker in a process of its own, on the test's database; its log is its standard error, a JSON object a line."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "loyalty_project.settings",
        "LOYALTY_DATA_DIR": str(settings.DATA_DIR),
        "LOG_JSON": "1",
        "TEST_DATABASE": connection.settings_dict["NAME"],
    }
    command = [sys.executable, "-c", LAUNCHER, "worker", *options]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
