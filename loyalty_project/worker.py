"""How are jobs worked? By a process that takes them until it is told to stop, or until none is left that is due.

Jobs are fetched on asynchronous connections of the worker's own; their tasks run in threads, each with Django's connection of
that thread, so that a task is written like any other code.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import structlog
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from procrastinate.contrib.django import app, connector_params
from procrastinate.job_context import JobContext
from procrastinate.middleware import AsyncCallNext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker
from structlog.contextvars import bound_contextvars

log = structlog.get_logger(__name__)

# Fetching and finishing jobs, signs of life: short statements, which wait for each other. Listening has a connection besides.
CONNECTIONS: Final = 2
TERMINATING: Final = (signal.SIGINT, signal.SIGTERM)


def worker_command() -> list[str]:
    """The command that runs a worker, from the project's folder."""
    return [sys.executable, "manage.py", "worker"]


class WorkerEndedError(Exception):
    """The worker ended although nobody told it to: something beside its jobs failed."""


def work_jobs(*, concurrency: int, until_empty: bool) -> None:
    """Work jobs, `concurrency` at a time, until SIGTERM or SIGINT; jobs at work are finished first.

    With `until_empty` it ends by itself when no job is due any more. Everything periodic is due at the start as well: it may
    have come due while no worker ran. A lost connection is made anew. Raises WorkerEndedError, and ConnectorException when the
    database is not reached for half a minute or refuses a statement.
    """
    # The embedded server decides at its start where it is reached.
    connection.ensure_connection()
    for periodic in app.periodic_registry.periodic_tasks.values():
        periodic.task.defer(timestamp=int(time.time()))
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=CONNECTIONS)
    connection.close()
    with app.replace_connector(connector), _threads() as threads:
        asyncio.run(_work(threads, concurrency=concurrency, until_empty=until_empty))


async def log_job(call_next: AsyncCallNext, context: JobContext, _worker: Worker) -> Any:
    """Around each job: one line about its end, and its id, task and organization on every line that is logged meanwhile."""
    job = context.job
    organization = job.task_kwargs.get("organization")
    with bound_contextvars(job=job.id, task=job.task_name, **({"organization": organization} if organization else {})):
        try:
            result = await call_next()
        except Exception:
            log.exception("job_failed", attempt=job.attempts + 1)
            raise
        log.info("job_done")
        return result


async def _work(threads: ThreadPoolExecutor, *, concurrency: int, until_empty: bool) -> None:
    asyncio.get_running_loop().set_default_executor(threads)
    async with app.open_async():
        working = asyncio.create_task(
            app.run_worker_async(
                concurrency=concurrency,
                wait=not until_empty,
                listen_notify=not until_empty,
                delete_jobs="successful",
                install_signal_handlers=False,
                worker_middleware=[log_job],
            )
        )
        log.info("worker_started", concurrency=concurrency)
        with _cancelling(working):
            (end,) = await asyncio.gather(working, return_exceptions=True)
    if isinstance(end, asyncio.CancelledError) or (end is None and until_empty):
        log.info("worker_stopped")
        return
    raise end or WorkerEndedError("Something beside the jobs failed: the log says what.")


@contextmanager
def _cancelling(working: asyncio.Task[None]) -> Iterator[None]:
    """Inside: the first signal to terminate cancels the task, which lets a worker finish its jobs; further ones do nothing."""
    loop = asyncio.get_running_loop()
    told: list[bool] = []

    def stop() -> None:
        if not told:
            told.append(True)
            working.cancel()

    for number in TERMINATING:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in TERMINATING:
            loop.remove_signal_handler(number)


@contextmanager
def _threads() -> Iterator[ThreadPoolExecutor]:
    """The threads in which tasks run. At the end their database connections are closed, which no thread does by itself."""
    opened: list[BaseDatabaseWrapper] = []
    try:
        with ThreadPoolExecutor(initializer=lambda: opened.append(connections[DEFAULT_DB_ALIAS])) as threads:
            yield threads
    finally:
        for one in opened:
            one.inc_thread_sharing()
            one.close()
