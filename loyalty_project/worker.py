"""The worker: a process that runs jobs until it is terminated, or until no job is due.

It fetches jobs on asynchronous connections of its own. Their tasks run in threads, each with Django's connection of that
thread, so that a task is written like any other code. Deliveries to other systems, which mostly wait, have a queue of their own
and run on the event loop beside the other jobs: neither holds back the other.
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
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from procrastinate.contrib.django import app, connector_params
from procrastinate.job_context import JobContext
from procrastinate.jobs import DEFAULT_QUEUE
from procrastinate.middleware import AsyncCallNext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker
from structlog.contextvars import bound_contextvars

from loyalty_project.jobs import DELIVERIES, IMPORTS

log = structlog.get_logger(__name__)

# For short statements that wait for each other: fetch and finish jobs, heartbeats. Listening has one more for each queue.
CONNECTIONS: Final = 2
# In which deliveries ask the database: short statements, for any number of endpoints.
DELIVERY_THREADS: Final = 4
# Files that are imported or checked at the same time.
IMPORT_THREADS: Final = 1
TERMINATING: Final = (signal.SIGINT, signal.SIGTERM)


def worker_command() -> list[str]:
    """The command that runs a worker, from the project's folder."""
    return [sys.executable, "manage.py", "worker"]


class WorkerEndedError(Exception):
    """The worker ended without a signal: something other than its jobs failed."""


def work_jobs(*, concurrency: int, until_empty: bool) -> None:
    """Run jobs, `concurrency` at a time, until SIGTERM or SIGINT; running jobs are finished first.

    With `until_empty` it ends when no job is due. All periodic tasks run at the start, because they may have come due while no
    worker ran. A lost connection is reopened. Raises WorkerEndedError, and ConnectorException if the database is unreachable
    for half a minute or refuses a statement.
    """
    # The address of the embedded server is known once it runs.
    connection.ensure_connection()
    for periodic in app.periodic_registry.periodic_tasks.values():
        periodic.task.defer(timestamp=int(time.time()))
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=CONNECTIONS)
    connection.close()
    with app.replace_connector(connector), _threads(concurrency + DELIVERY_THREADS + IMPORT_THREADS) as threads:
        asyncio.run(_work(threads, concurrency=concurrency, until_empty=until_empty))


async def log_job(call_next: AsyncCallNext, context: JobContext, _worker: Worker) -> Any:
    """Log the end of a job; add its id, task and organization to all lines logged by the job."""
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
        # Jobs defer deliveries: without waiting, these come last.
        working = asyncio.create_task(_work_in_turn(concurrency) if until_empty else _work_side_by_side(concurrency))
        log.info("worker_started", concurrency=concurrency)
        with _cancelling(working):
            (end,) = await asyncio.gather(working, return_exceptions=True)
    if isinstance(end, asyncio.CancelledError) or (end is None and until_empty):
        log.info("worker_stopped")
        return
    raise end or WorkerEndedError("Something other than a job failed; the log has the cause.")


async def _work_in_turn(concurrency: int) -> None:
    """Run what is due, queue by queue."""
    await _work_queue(DEFAULT_QUEUE, concurrency=concurrency, until_empty=True)
    await _work_queue(IMPORTS, concurrency=IMPORT_THREADS, until_empty=True)
    await _work_queue(DELIVERIES, concurrency=settings.WEBHOOK_CONCURRENCY, until_empty=True)


async def _work_side_by_side(concurrency: int) -> None:
    """Run the jobs of all queues until one of them ends; then the others end too, with their running jobs."""
    queues = [
        asyncio.create_task(_work_queue(DEFAULT_QUEUE, concurrency=concurrency, until_empty=False)),
        asyncio.create_task(_work_queue(IMPORTS, concurrency=IMPORT_THREADS, until_empty=False)),
        asyncio.create_task(_work_queue(DELIVERIES, concurrency=settings.WEBHOOK_CONCURRENCY, until_empty=False)),
    ]
    try:
        await asyncio.wait(queues, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for queue in queues:
            queue.cancel()
        ends = await asyncio.gather(*queues, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _work_queue(queue: str, *, concurrency: int, until_empty: bool) -> None:
    await app.run_worker_async(
        queues=[queue],
        name=queue,
        concurrency=concurrency,
        wait=not until_empty,
        listen_notify=not until_empty,
        delete_jobs="successful",
        install_signal_handlers=False,
        worker_middleware=[log_job],
    )


@contextmanager
def _cancelling(working: asyncio.Task[None]) -> Iterator[None]:
    """Cancel the task at the first terminating signal, so that the worker finishes its jobs. Ignore further signals."""
    loop = asyncio.get_running_loop()
    is_stopping = False

    def stop() -> None:
        nonlocal is_stopping
        if not is_stopping:
            is_stopping = True
            working.cancel()

    for number in TERMINATING:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in TERMINATING:
            loop.remove_signal_handler(number)


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads for tasks. Their database connections are closed at the end, because a thread does not close its own."""
    opened: list[BaseDatabaseWrapper] = []
    try:
        with ThreadPoolExecutor(count, initializer=lambda: opened.append(connections[DEFAULT_DB_ALIAS])) as threads:
            yield threads
    finally:
        for wrapper in opened:
            wrapper.inc_thread_sharing()
            wrapper.close()
