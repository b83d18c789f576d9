"""Concurrent workers, each on a database connection of its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, current_thread, get_ident, main_thread
from types import ModuleType
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from django.db import connection

from organizations.tenancy.rows import read_rows

Job = TypeVar("Job")
Result = TypeVar("Result")
_PATIENCE = 60.0


def race(lanes: Sequence[Sequence[Job]], work: Callable[[Job], Result]) -> list[Result]:
    """Run each lane in a thread; all lanes start their n-th job at the same moment. Returns the results, lane by lane."""
    start = Barrier(len(lanes))

    def run(lane: Sequence[Job]) -> list[Result]:
        try:
            results = []
            for job in lane:
                start.wait(timeout=_PATIENCE)
                results.append(work(job))
            return results
        finally:
            connection.close()

    with ThreadPoolExecutor(len(lanes)) as pool:
        return [result for lane in pool.map(run, lanes) for result in lane]


def remove_row_locks(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Have these modules read the rows that they would lock."""
    for module in modules:
        if not {"lock", "lock_rows", "LOCK"} & vars(module).keys():
            raise ValueError(f"{module.__name__} locks no rows")
        if hasattr(module, "lock"):
            monkeypatch.setattr(module, "lock", lambda rows: rows.order_by("pk"))
        if hasattr(module, "lock_rows"):
            monkeypatch.setattr(module, "lock_rows", read_rows)
        if hasattr(module, "LOCK"):
            monkeypatch.setattr(module, "LOCK", module.READ)


def on_another_connection(work: Callable[[], Result]) -> Result:
    """The result of `work`, run in a thread with a database connection of its own while the caller waits."""
    with meanwhile(work) as running:
        return running.result(timeout=_PATIENCE)


@contextmanager
def meanwhile(work: Callable[[], Result]) -> Iterator["Future[Result]"]:
    """`work`, running in a thread with a database connection of its own; it is waited for at the end."""

    def run() -> Result:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run)


def wait_until_blocked(sessions: int) -> None:
    """Wait until so many sessions wait for a lock of the caller's transaction."""
    deadline = time.monotonic() + _PATIENCE
    with connection.cursor() as cursor:
        while True:
            # Unlike activities, locks are looked up anew within a transaction.
            cursor.execute(
                "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0] >= sessions:
                return
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextmanager
def all_read_before(owner: object, name: str, *, workers: int) -> Iterator[None]:
    """Force a collision: each worker waits in its first call of `owner.name` until all have come to it.

    `owner.name` is the first write after what the workers read: without locks all of them decide on the same rows. Calls of the
    main thread do not wait. A worker that does not come raises `BrokenBarrierError` in the others.
    """
    write = getattr(owner, name)
    all_have_read = Barrier(workers)
    arrived: set[int] = set()

    def wait_and_write(*args: Any, **kwargs: Any) -> Any:
        if current_thread() is not main_thread() and get_ident() not in arrived:
            arrived.add(get_ident())
            all_have_read.wait(timeout=_PATIENCE)
        return write(*args, **kwargs)

    with patch.object(owner, name, wait_and_write):
        yield
