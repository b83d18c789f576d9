"""The queue as a worker sees it, by procrastinate's own functions in the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection


def make_worker(*, silent_for: timedelta = timedelta(0)) -> int:
    """A worker that gave its last sign of life so long ago; its id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval) RETURNING id", [silent_for]
        )
        return int(cursor.fetchone()[0])


def silence_workers() -> None:
    """As if a minute had passed without a sign of life from any worker."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")


def fetch(worker: int | None = None) -> str | None:
    """The lock of the job that a worker gets next; None: none is due."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lock FROM procrastinate_fetch_job_v2(NULL, %s)", [worker or make_worker()])
        value: str | None = cursor.fetchone()[0]
        return value


@contextmanager
def without(function: str) -> Iterator[None]:
    """Inside: a function of the queue is not there."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER FUNCTION {function} RENAME TO hidden")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER FUNCTION hidden RENAME TO {function}")
