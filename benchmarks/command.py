"""Command `python -m benchmarks`: fill the database, measure the chosen rows, print and store them."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from benchmarks import beside, bulk, in_process, ledger, over_http, search
from benchmarks.filler import Filled, NotEmptyError, fill
from benchmarks.load import WrongAnswerError
from benchmarks.over_http import Effort
from benchmarks.servers import ServerError
from benchmarks.tables import Result, as_json, as_table

ROWS = ("lookup", "server", "process", "get", "add", "add50", "import", "beside", "ledger", "check", "search")
RESULTS = Path(__file__).parent / "results"
_IMPORT_FILES = 2
_LEDGER_ROWS = {"ledger", "check"}
_MANY_ACCOUNTS = 10_000


def main() -> int:
    """Exit status: 0, 1 if a yardstick was below its floor or a call failed, 2 if the database is in use."""
    options = _parser().parse_args()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        _say(f"Filling in {options.customers:,} customers ...")
        filled = fill(options.customers)
        results = []
        for result in _measure(options, filled):
            _say(f"{result.name}: done")
            results.append(result)
    except NotEmptyError as error:
        _say(str(error))
        return 2
    except (WrongAnswerError, ServerError, bulk.ImportFailedError, ledger.LedgerBrokenError) as error:
        _say(f"{type(error).__name__}: {error}")
        return 1
    print(as_table(results))
    path = _keep(options, results)
    print(f"\nKept in {path}.")
    problems = [one.problem for one in results if one.problem]
    for problem in problems:
        _say(f"NOT TO BE TRUSTED: {problem}")
    return 1 if problems else 0


def _measure(options: argparse.Namespace, filled: Filled) -> Iterator[Result]:
    effort = Effort(rounds=options.rounds, seconds=options.seconds, connections=options.connections)
    rows: Sequence[str] = options.rows or ROWS
    if "lookup" in rows:
        yield bulk.measure_lookups(filled, seconds=options.seconds / 2)
    if "server" in rows:
        yield over_http.measure_bare_server(filled, effort)
    if "process" in rows:
        yield in_process.measure_get(filled)
    if "get" in rows:
        yield over_http.measure_get(filled, effort)
    if "add" in rows:
        yield over_http.measure_add(effort, items=1)
    if "add50" in rows:
        yield over_http.measure_add(effort, items=50)
    yield from _measure_imports(options, filled, rows)
    if _LEDGER_ROWS & set(rows):
        yield from _measure_ledger(options, filled, rows)
    if "search" in rows:
        search.fill_search(filled)
        yield from search.measure_search(filled)


def _measure_imports(options: argparse.Namespace, filled: Filled, rows: Sequence[str]) -> Iterator[Result]:
    if "import" in rows:
        yield bulk.measure_import(rows=options.import_rows, rounds=_IMPORT_FILES)
    if "beside" in rows:
        yield from beside.measure_beside(filled, rounds=options.rounds, seconds=options.beside_seconds)


def _measure_ledger(options: argparse.Namespace, filled: Filled, rows: Sequence[str]) -> Iterator[Result]:
    ledger.fill_ledger(filled, entries=options.entries)
    if "check" in rows:
        yield ledger.measure_check(filled, entries=options.entries)
    if "ledger" in rows:
        for accounts in (1, _MANY_ACCOUNTS):
            yield ledger.measure_posting(filled, accounts=accounts, rounds=options.rounds, seconds=options.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], default=[], metavar="ROW", help=f"of {', '.join(ROWS)} (all)")
    parser.add_argument("--customers", type=int, default=100_000, help="to fill in before (%(default)s)")
    parser.add_argument("--import-rows", type=int, default=50_000, help="to import, all files together (%(default)s)")
    parser.add_argument("--entries", type=int, default=1_000_000, help="of the ledger that is proved (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run (%(default)s)")
    parser.add_argument("--beside-seconds", type=float, default=15.0, help="of each run beside an import (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side, in turn (%(default)s)")
    parser.add_argument("--connections", type=int, default=16, help="with a call under way at any time (%(default)s)")
    return parser


def _keep(options: argparse.Namespace, results: Sequence[Result]) -> Path:
    at = datetime.now(UTC)
    path = RESULTS / f"{at:%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(exist_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (postgresql,) = cursor.fetchone()
    machine = {
        "processors": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "postgresql": postgresql,
    }
    report = {"at": at.isoformat(timespec="seconds"), "options": vars(options), "machine": machine, "rows": as_json(results)}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return path


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
