"""Servers of the product and of a yardstick: both granian with the same settings, on ports of their own."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from loyalty_project.serving import Address, granian_command, usual_workers, wait_until_answered

_REPLAY = "benchmarks.yardsticks.replay:application"
_START_SECONDS = 60.0


class ServerError(Exception):
    """A server did not start."""


@contextmanager
def product() -> Iterator[int]:
    """The product as `manage.py serve` runs it; the port. Raises ServerError."""
    with _serving([], {}) as port:
        yield port


@contextmanager
def replaying(recording: str) -> Iterator[int]:
    """The yardstick that runs these statements (`Recording.as_json`); the port. Raises ServerError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.json"
        path.write_text(recording, encoding="utf-8")
        with _serving([_REPLAY], {"BENCHMARK_RECORDING": str(path), "BENCHMARK_DATABASE": database()}) as port:
            yield port


def database() -> str:
    """The connection string of Django's database, as libpq takes it."""
    connection.ensure_connection()
    info = connection.connection.info
    return make_conninfo(info.dsn, **({"password": info.password} if info.password else {}))


@contextmanager
def _serving(application: list[str], more: Mapping[str, str]) -> Iterator[int]:
    address = Address("127.0.0.1", _free_port())
    command = granian_command(address, workers=usual_workers(), quiet=True)
    if application:
        command[command.index("--interface") + 1] = "wsgi"
        command = [*command[:-1], "--blocking-threads", str(settings.SERVER_THREADS), *application]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env={**os.environ, **more}, start_new_session=True)
    try:
        if not wait_until_answered(address, "/healthz", seconds=_START_SECONDS, is_alive=lambda: server.poll() is None):
            raise ServerError(f"{command[-1]} did not come up.")
        yield address.port
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
