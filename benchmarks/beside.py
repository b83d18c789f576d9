"""Rows about tills beside imports of the same organization: the latency of their calls, alone and meanwhile, in turn."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

from django.conf import settings
from django.db import connection

from benchmarks.calls import NO_FAILURES, SUCCESS, add_call, get_call, make_loads
from benchmarks.data import BenchData
from benchmarks.load import Load
from benchmarks.members import write_file
from benchmarks.organization import ORGANIZATION, TILL
from benchmarks.people import MOBILE, NEW_IN_FILES, NEW_OVER_HTTP, file_rows, mobile
from benchmarks.results import Result, percentile
from benchmarks.servers import Served, ServerError

# Calls a second of all tills together: so few that the import alone keeps the machine busy.
_RATE: Final = 10
_CONNECTIONS: Final = 32
_START_SECONDS: Final = 120.0
_PAUSE: Final = 0.1
# Of each import, the table whose ids show that it has begun to write; ids are used up in a dry run as well.
_IMPORTS: Final[Mapping[Sequence[str], str]] = {
    ("import_customers",): "customers_customer",
    ("import_transactions",): "engagement_bill",
    ("import_customers", "--dry-run"): "customers_customer",
}
_FILES_FROM: Final = NEW_IN_FILES + 100_000_000
_numbers = count(NEW_OVER_HTTP + 100_000_000, 1_000_000)
_files = count(_FILES_FROM, 1_000_000)


def measure_beside(server: Served, data: BenchData, *, rounds: int, seconds: float, rows: int) -> Iterator[Result]:
    """Rows: registrations (half of them of known customers) and gets, beside each import of `rows` rows, and alone.

    Raises ServerError if an import ends before the calls do.
    """
    alone: list[list[list[float]]] = []
    beside: dict[Sequence[str], list[list[list[float]]]] = {command: [] for command in _IMPORTS}
    _call(server, data, seconds=min(seconds, 2.0))
    for _ in range(rounds):
        alone.append(_call(server, data, seconds=seconds))
        for command, table in _IMPORTS.items():
            with _importing(command, table, data, rows) as process:
                beside[command].append(_call(server, data, seconds=seconds))
                if process.poll() is not None:
                    raise ServerError(f"{command[0]} ended before the calls did: {process.returncode}.")
    for command, runs in beside.items():
        for action, name in enumerate(("add", "get")):
            yield Result(
                name=f"{name} beside {' '.join(command)}",
                unit="ms",
                yardstick=[percentile(run[action], 0.99) * 1000 for run in alone],
                ours=[percentile(run[action], 0.99) * 1000 for run in runs],
                note=f"p99 at {_RATE} calls/s, beside that without an import",
            )


def _call(server: Served, data: BenchData, *, seconds: float) -> list[list[float]]:
    """Latencies of the adds and of the gets."""
    calls = int(seconds * _RATE)
    first, chance = next(_numbers), Random(0)
    known = data.some_numbers(calls)
    adds = [add_call([chance.choice(known) if number % 2 else first + number]) for number in range(calls)]
    loads = [
        Load(
            port=server.port, calls=kind, seconds=seconds, connections=_CONNECTIONS, rate=_RATE, is_repeated=False,
            wanted=SUCCESS, unwanted=NO_FAILURES,
        )
        for kind in (adds, [get_call([number]) for number in known])
    ]  # fmt: skip
    return [measured.latencies for measured in make_loads(*loads)]


@contextmanager
def _importing(command: Sequence[str], table: str, data: BenchData, rows: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The import of a file that is longer than the measurement, under way; stopped at the end."""
    name, *options = command
    with tempfile.TemporaryDirectory() as folder:
        content = _customers(data, rows) if name == "import_customers" else _bills(data, rows)
        path, _ = write_file(Path(folder) / "rows.csv", content)
        arguments = [sys.executable, "manage.py", name, "--organization", ORGANIZATION, "--no-progress", *options, str(path)]
        before = _used_ids(table)
        process = subprocess.Popen(arguments, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            begun = time.monotonic()
            while _used_ids(table) == before:
                if process.poll() is not None or time.monotonic() - begun > _START_SECONDS:
                    raise ServerError(f"{name} did not begin: {process.returncode}.")
                time.sleep(_PAUSE)
            yield process
        finally:
            process.terminate()
            process.wait()


def _used_ids(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass), 0)", [table])
        return int(cursor.fetchone()[0])


def _customers(data: BenchData, rows: int) -> Iterator[list[str]]:
    """New customers, each followed by a known one as long as there are any."""
    new = file_rows(next(_files), rows, till=TILL)
    known = file_rows(1, data.members, till=TILL)
    yield next(new)
    next(known)
    for row in new:
        yield row
        if (other := next(known, None)) is not None:
            yield other


def _bills(data: BenchData, rows: int) -> Iterator[list[str]]:
    first = next(_files)
    known = data.some_numbers(1000)
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    yield [MOBILE, "number", "billing_time", "amount", "till_code"]
    for number in range(rows):
        at = begin + timedelta(minutes=number % 500_000)
        yield [
            mobile(known[number % len(known)]),
            f"F{first + number}",
            f"{at:%Y-%m-%d %H:%M:%S}",
            str(100 + number % 900),
            TILL,
        ]
