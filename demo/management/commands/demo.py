"""`manage.py demo`: database, demo data, server and worker, until Ctrl-C."""

import io
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeAlias

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from demo.guide import guide
from demo.loading import is_loaded, load_demo, present_edition
from demo.only_one import DemoRunsError, only_demo
from demo.organization import check_allowed
from demo.progress import ProgressLines
from loyalty_project.command_options import COUNT
from loyalty_project.db.fast_migrations import fast_migrations
from loyalty_project.db.statistics import analyze_outdated_tables
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from loyalty_project.embedded_postgres.server import configured_server
from loyalty_project.management.commands.serve import add_address_arguments
from loyalty_project.serving import (
    Address,
    AddressUnusableError,
    check_address,
    granian_command,
    usual_workers,
    wait_until_answered,
)
from loyalty_project.static_files import NOT_OF_BACK_OFFICE, collect_static_files
from loyalty_project.worker import worker_command

Process: TypeAlias = "subprocess.Popen[bytes]"

LOGIN_PAGE = "/admin/login/"
START_SECONDS = 60.0
# No client depends on a demo's open requests.
STOP_SECONDS = 3
PAUSE = 0.1


class Command(BaseCommand):
    """`manage.py demo`."""

    help = (
        "Starts the database, loads a made-up organization (once), serves it, runs a worker, and prints a guide. Most of the"
        " 2,000 customers are loaded while it is served; what one run has not loaded, the next one does. Ctrl-C and SIGTERM"
        " stop server and worker, and the database if it was started here. Your changes are kept for the next time."
    )
    # The started server runs the system checks.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address options, `--customers` and `--yes`."""
        add_address_arguments(parser)
        parser.add_argument("--customers", type=COUNT, default=2_000, help="how many customers to load (default: %(default)s)")
        parser.add_argument("--yes", action="store_true", help="also on the database of DATABASE_URL, which it changes")

    def handle(self, *, host: str, port: int, yes: bool, customers: int, **_options: Any) -> None:
        """Serve until a signal stops it. Raises CommandError if the demo is not allowed or cannot run."""
        check_allowed(yes=yes)
        address = Address(host, port)
        try:
            with _signals([signal.SIGTERM, signal.SIGHUP], signal.default_int_handler), _alone(address):
                check_address(address)
                self._run(address, customers=customers)
        except (AddressUnusableError, DemoRunsError, EmbeddedServerError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def _run(self, address: Address, *, customers: int) -> None:
        database = None if settings.DATABASE_URL else configured_server()
        ran_before = database is not None and database.is_running()
        try:
            if database:
                self.stdout.write("Starting the database ...")
                self.stdout.flush()
                database.start(database=settings.DATABASES[DEFAULT_DB_ALIAS]["NAME"])
            collect_static_files(without=NOT_OF_BACK_OFFICE)
            self.stdout.write("Starting the server ...")
            self.stdout.flush()
            # Starts while the database is filled, which takes about as long.
            serving = granian_command(address, workers=usual_workers(), stop_seconds=STOP_SECONDS, quiet=True)
            with _process(serving) as server:
                self._migrate()
                loading = self._load(customers)
                is_whole = next(loading)
                with _process(worker_command()) as worker:
                    processes = {"server": server, "worker": worker}
                    self._show(address, processes, is_whole=is_whole)
                    self._stay(processes, loading)
        finally:
            if database and not ran_before:
                with _undisturbed():
                    database.stop()

    def _migrate(self) -> None:
        """Bring the database up to date, and show how far that is."""
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        progress = ProgressLines(self.stdout)
        if missing:
            progress.report("Making the tables of the database", 0, missing)
        applied = _Applied(lambda count: progress.report("Making the tables of the database", count, missing))
        with fast_migrations():
            call_command("migrate", interactive=False, verbosity=1, stdout=applied)
        progress.end()

    def _load(self, customers: int) -> Iterator[bool]:
        """Load the demo slice by slice; whether that was all.

        The first slice shows its progress, the last one what was loaded.
        """
        if is_loaded(present_edition(customers)):
            self.stdout.write("The demo is loaded already.")
            yield True
            return
        progress = ProgressLines(self.stdout)
        for loaded in load_demo(customers, report=progress.report):
            progress.end()
            if loaded.is_whole:
                self.stdout.write(f"All is loaded. {loaded.text}.")
                self.stdout.flush()
            analyze_outdated_tables()
            progress.silence()
            yield loaded.is_whole

    def _show(self, address: Address, processes: Mapping[str, Process], *, is_whole: bool) -> None:
        """Print the guide once the server answers. Raises CommandError if it does not."""
        if not wait_until_answered(address, LOGIN_PAGE, seconds=START_SECONDS, is_alive=lambda: _ended(processes) is None):
            raise CommandError(
                f"The {ended} has ended by itself." if (ended := _ended(processes)) else "The server does not answer."
            )
        self.stdout.write(f"\n{guide(address.url)}\nCtrl-C ends it. Your changes are kept in {_kept_in()}.")
        if not is_whole:
            self.stdout.write("More customers and their bills follow while it runs.")
        self.stdout.flush()

    def _stay(self, processes: Mapping[str, Process], loading: Iterator[bool]) -> None:
        """Load the rest of the demo, then wait, until a process has ended, which is a CommandError."""
        while (ended := _ended(processes)) is None:
            if next(loading, None) is None:
                time.sleep(PAUSE)
        raise CommandError(f"The {ended} has ended by itself.")


class _Applied(io.StringIO):
    """Output of the command `migrate`, which is not shown: `report` is called with the number of migrations that are over."""

    def __init__(self, report: Callable[[int], None]) -> None:
        super().__init__()
        self._report = report
        self._count = 0

    def write(self, text: str) -> int:
        """Count the migrations that the text says are over."""
        over = text.count(" OK")
        if over:
            self._count += over
            self._report(self._count)
        return len(text)


def _alone(address: Address) -> AbstractContextManager[None]:
    """Keep other demos out of the data folder. With DATABASE_URL the folder has nothing that two of them share."""
    return nullcontext() if settings.DATABASE_URL else only_demo(settings.DATA_DIR, address.url)


@contextmanager
def _process(command: Sequence[str]) -> Iterator[Process]:
    """Run a process of this command inside, with log level WARNING; terminate it at the end and wait for it."""
    environment = {"LOG_LEVEL": "WARNING", **os.environ}
    # In a session of its own: Ctrl-C in the terminal does not reach it, so that it is stopped once, here.
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, start_new_session=True)  # noqa: S603 - our own command
    try:
        yield process
    finally:
        with _undisturbed():
            process.terminate()
            process.wait()


def _ended(processes: Mapping[str, Process]) -> str | None:
    """The name of a process that has ended, if any."""
    return next((name for name, process in processes.items() if process.poll() is not None), None)


def _kept_in() -> str:
    return "the database of DATABASE_URL" if settings.DATABASE_URL else str(settings.DATA_DIR)


def _undisturbed() -> AbstractContextManager[None]:
    """Ignore signals inside, so that a second Ctrl-C leaves no process behind."""
    return _signals([signal.SIGINT, signal.SIGTERM, signal.SIGHUP], signal.SIG_IGN)


@contextmanager
def _signals(numbers: Iterable[signal.Signals], handler: Any) -> Iterator[None]:
    """Use `handler` for these signals inside, except for those that are ignored (as nohup does)."""
    former = {number: signal.getsignal(number) for number in numbers}
    handled = {number: previous for number, previous in former.items() if previous is not signal.SIG_IGN}
    for number in handled:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in handled.items():
            signal.signal(number, previous)
