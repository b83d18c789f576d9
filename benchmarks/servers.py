"""Servers of the product and of the yardstick: both granian with the same workers and threads, on ports of their own."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from loyalty_project.serving import Address, granian_command, usual_workers, wait_until_answered

_READING: Final = "benchmarks.yardsticks.reading:application"
_SELLING: Final = "benchmarks.yardsticks.selling:application"
_START_SECONDS: Final = 120.0


class ServerError(Exception):
    """A server did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server: its port and the id of its main process."""

    port: int
    pid: int


@contextmanager
def product() -> Iterator[Served]:
    """The product as `manage.py serve` runs it. Raises ServerError."""
    with _serving([], {}) as served:
        yield served


@contextmanager
def bare_reading(configuration: Mapping[str, Any]) -> Iterator[Served]:
    """The yardstick of customer/get with this configuration (`benchmarks.yardsticks.reading`). Raises ServerError."""
    with _bare(_READING, configuration) as served:
        yield served


@contextmanager
def bare_selling(configuration: Mapping[str, Any]) -> Iterator[Served]:
    """The yardstick of bills and redemptions with this configuration (`benchmarks.yardsticks.selling`). Raises ServerError."""
    with _bare(_SELLING, configuration) as served:
        yield served


@contextmanager
def _bare(application: str, configuration: Mapping[str, Any]) -> Iterator[Served]:
    environment = {"BENCHMARK_CONFIGURATION": json.dumps(configuration), "BENCHMARK_DATABASE": database()}
    with _serving([application], environment) as served:
        yield served


def database() -> str:
    """The connection string of Django's database, as libpq takes it."""
    connection.ensure_connection()
    info = connection.connection.info
    return make_conninfo(info.dsn, **({"password": info.password} if info.password else {}))


@contextmanager
def _serving(application: Sequence[str], more: Mapping[str, str]) -> Iterator[Served]:
    address = Address("127.0.0.1", _free_port())
    command = granian_command(address, workers=usual_workers(), quiet=True)
    if application:
        command[command.index("--interface") + 1] = "wsgi"
        command = [*command[:-1], "--blocking-threads", str(settings.SERVER_THREADS), *application]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env={**os.environ, **more}, start_new_session=True)
    try:
        if not wait_until_answered(address, "/healthz", seconds=_START_SECONDS, is_alive=lambda: server.poll() is None):
            raise ServerError(f"{command[-1]} did not come up.")
        yield Served(port=address.port, pid=server.pid)
    finally:
        # Nobody waits for its answers: a polite end could take as long as that of a till's call.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
