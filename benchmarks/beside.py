"""Latency of tills alone, and beside imports of the same organization. Runs alternate."""

import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from django.conf import settings

from benchmarks.filler import ORGANIZATION, PASSWORD, TILL, Filled
from benchmarks.load import Load, make_paced_load
from benchmarks.people import MOBILE, NEW_IN_FILES, NEW_OVER_HTTP, file_rows, person
from benchmarks.servers import ServerError, product
from benchmarks.tables import Result, Side, percentile
from organizations.credentials.hashing import password_digest

# Seconds between the calls of a till: it waits for customers, so that only the import keeps the machine busy.
_PAUSE: Final = 0.05
_TILLS: Final = 4
# The import has loaded the application and works its first batches.
_START_SECONDS: Final = 6.0
_GRACE_SECONDS: Final = 120.0
_ROWS: Final = 1_000_000
_numbers = count(NEW_OVER_HTTP, 1_000_000)
_files = count(NEW_IN_FILES, _ROWS)


def measure_beside(filled: Filled, *, rounds: int, seconds: float) -> Iterator[Result]:
    """Rows: registrations (half of them of known customers) and gets, alone and beside each import."""
    imports = (("import_customers",), ("import_transactions",), ("import_customers", "--dry-run"))
    alone: list[list[float]] = [[], []]
    beside: dict[str, list[list[float]]] = {" ".join(command): [[], []] for command in imports}
    spawned = get_context("spawn")
    with product() as port, ProcessPoolExecutor(max_workers=2 * _TILLS, mp_context=spawned) as tills:
        _call(tills, port, filled, seconds=2.0)
        for _ in range(rounds):
            _add(alone, _call(tills, port, filled, seconds=seconds))
            for command in imports:
                with _importing(command, filled) as process:
                    _add(beside[" ".join(command)], _call(tills, port, filled, seconds=seconds))
                    if process.poll() is not None:
                        raise ServerError(f"{command[0]} ended before the calls did: {process.returncode}.")
    for name, latencies in beside.items():
        for action, own, idle in zip(("add", "get"), latencies, alone, strict=True):
            yield _result(f"{action} beside {name}", own, idle)


def _result(name: str, beside: Sequence[float], alone: Sequence[float]) -> Result:
    p99 = [percentile(latencies, 0.99) * 1000 for latencies in (beside, alone)]
    return Result(
        name=name,
        unit="calls",
        ours=Side([len(beside)], beside),
        yardstick=Side([len(alone)], alone),
        note=f"p99 {p99[0]:.0f} ms beside {p99[1]:.0f} ms alone: {p99[0] / p99[1]:.1f} x",
    )


def _add(latencies: list[list[float]], more: list[list[float]]) -> None:
    for kept, new in zip(latencies, more, strict=True):
        kept.extend(new)


def _call(tills: ProcessPoolExecutor, port: int, filled: Filled, *, seconds: float) -> list[list[float]]:
    """Latencies of the adds and of the gets."""
    digest = password_digest(PASSWORD)
    loads = [
        Load(
            port=port,
            action=action,
            till=TILL,
            digest=digest,
            seconds=seconds,
            connections=1,
            people=filled.customers,
            first=next(_numbers),
        )
        for action in ("visit", "get")
        for _ in range(_TILLS)
    ]
    measured = [tills.submit(make_paced_load, load, _PAUSE) for load in loads]
    runs = [one.result(timeout=seconds + _GRACE_SECONDS).latencies for one in measured]
    return [[latency for run in part for latency in run] for part in (runs[:_TILLS], runs[_TILLS:])]


@contextmanager
def _importing(command: Sequence[str], filled: Filled) -> Iterator[subprocess.Popen[bytes]]:
    """The import of a file that is longer than the measurement, stopped at its end."""
    name, *options = command
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = _customers(filled) if name == "import_customers" else _bills(filled)
            csv.writer(file).writerows(rows)
        arguments = [sys.executable, "manage.py", name, "--organization", ORGANIZATION, "--no-progress", *options, str(path)]
        process = subprocess.Popen(arguments, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL)
        try:
            time.sleep(_START_SECONDS)
            yield process
        finally:
            process.terminate()
            process.wait()


def _customers(filled: Filled) -> Iterator[list[str]]:
    """Rows of new customers, each followed by one of a known customer."""
    new = file_rows(next(_files), _ROWS // 20)
    known = file_rows(1, filled.customers)
    yield next(new)
    next(known)
    for row in new:
        yield row
        if (other := next(known, None)) is not None:
            yield other


def _bills(filled: Filled) -> Iterator[list[str]]:
    first = next(_files)
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    yield [MOBILE, "number", "billing_time", "amount", "till_code"]
    for number in range(_ROWS // 10):
        at = begin + timedelta(minutes=number)
        yield [
            person(1 + number % filled.customers)[MOBILE],
            f"F{first + number}",
            f"{at:%Y-%m-%d %H:%M:%S}",
            str(100 + number % 900),
            TILL,
        ]
