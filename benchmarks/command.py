"""Command `python -m benchmarks`: fill the database, measure the chosen parts, print the table and keep it as JSON."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management import call_command

from benchmarks import codes, gets, imports, ledger, tills
from benchmarks.adds import measure_adds
from benchmarks.beside import measure_beside
from benchmarks.data import BenchData, make_data
from benchmarks.finding import measure_finding
from benchmarks.gets import Effort, OtherBytesError
from benchmarks.ledger import LedgerBrokenError
from benchmarks.load import WrongAnswerError
from benchmarks.machine import describe, is_durable
from benchmarks.members import ImportFailedError
from benchmarks.organization import NotEmptyError
from benchmarks.results import Result, as_json, as_table
from benchmarks.search import measure_search
from benchmarks.servers import Served, ServerError, product
from benchmarks.sizes import FULL, QUICK, TINY, Sizes
from benchmarks.tills import OtherRowsError

PARTS: Final = ("lookup", "import", "codes", *ledger.PARTS, *gets.PARTS, "add", *tills.PARTS, "search", "find", "beside")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0; 1 if a row is not valid or a measurement failed; 2 if the database is in use."""
    options = _parser().parse_args(arguments)
    sizes = _sizes(options)
    parts = options.parts or PARTS
    call_command("migrate", interactive=False, verbosity=0)
    machine = describe()
    results = []
    try:
        _say(f"Making {sizes.members:,} members, and {sizes.customers:,} customers in all ...")
        data = make_data(members=sizes.members, customers=sizes.customers)
        for result in _measure(data, sizes, parts):
            _say(as_table([result]).splitlines()[1])
            results.append(result)
    except NotEmptyError as error:
        _say(str(error))
        return 2
    except (WrongAnswerError, OtherBytesError, ServerError, ImportFailedError, LedgerBrokenError, OtherRowsError) as error:
        _say(f"{type(error).__name__}: {error}")
        return 1
    print(
        f"\n{as_table(results)}\n\n{sizes.name} sizes; {machine['processors']} processors, load {machine['load_average']:.1f}"
    )
    path = _keep(options.results, {"sizes": asdict(sizes), "parts": list(parts), "machine": machine, "rows": as_json(results)})
    print(f"Kept in {path}.")
    problems = [result.problem for result in results if result.problem]
    if not is_durable():
        problems.append("the database does not wait for the disk")
    for problem in problems:
        _say(f"NOT TO BE TRUSTED: {problem}")
    return 1 if problems and sizes.name != TINY.name else 0


def _measure(data: BenchData, sizes: Sizes, parts: Sequence[str]) -> Iterator[Result]:
    if "lookup" in parts:
        yield imports.measure_lookups(data, rounds=sizes.rounds, seconds=sizes.seconds / 2)
    if "import" in parts:
        yield imports.measure_import(rows=sizes.import_rows, rounds=sizes.rounds)
    if "find" in parts:
        yield from measure_finding(data, searches=sizes.searches)
    if "codes" in parts:
        yield codes.measure_codes(codes=sizes.codes, rounds=sizes.rounds)
    if set(parts) & set(ledger.PARTS):
        yield from ledger.measure_ledger(parts=parts, entries=sizes.ledger_entries, rounds=sizes.rounds, seconds=sizes.seconds)
    if set(parts) & {*gets.PARTS, "add", *tills.PARTS, "search", "beside"}:
        with product() as server:
            yield from _measure_over_http(server, data, sizes, parts)


def _measure_over_http(server: Served, data: BenchData, sizes: Sizes, parts: Sequence[str]) -> Iterator[Result]:
    effort = Effort(rounds=sizes.rounds, seconds=sizes.seconds, connections=sizes.connections)
    if set(parts) & set(gets.PARTS):
        yield from gets.measure_gets(server, data, effort, parts=parts, grown=sizes.grown)
    if "add" in parts:
        yield from measure_adds(server, effort)
    if set(parts) & set(tills.PARTS):
        yield from tills.measure_tills(server, data, effort, parts=parts, customers=sizes.buyers)
    if "search" in parts:
        yield from measure_search(server, data, searches=sizes.searches)
    if "beside" in parts:
        yield from measure_beside(server, data, rounds=sizes.rounds, seconds=sizes.beside_seconds, rows=sizes.beside_rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", choices=[*PARTS, []], default=[], metavar="PART", help=f"of {', '.join(PARTS)} (all)"
    )
    named = parser.add_mutually_exclusive_group()
    named.add_argument("--full", action="store_const", const=FULL, dest="sizes", help="the sizes of the figures that count")
    named.add_argument(
        "--tiny", action="store_const", const=TINY, dest="sizes", help="show that everything runs: no figure counts"
    )
    parser.add_argument("--rounds", type=int, help="runs of each side, in turn")
    parser.add_argument("--seconds", type=float, help="of each run")
    parser.add_argument("--members", type=int, help="customers with a long history; most of the time before the first row")
    parser.add_argument("--customers", type=int, help="to begin with, members included")
    parser.add_argument(
        "--results", type=Path, default=settings.BASE_DIR / "var" / "bench", help="folder of the JSON (%(default)s)"
    )
    parser.set_defaults(sizes=QUICK)
    return parser


def _sizes(options: argparse.Namespace) -> Sizes:
    sizes: Sizes = options.sizes
    given = {
        name: getattr(options, name)
        for name in ("rounds", "seconds", "members", "customers")
        if getattr(options, name) is not None
    }
    return replace(sizes, **given)


def _keep(folder: Path, report: dict[str, object]) -> Path:
    at = datetime.now(UTC)
    path = folder / f"{at:%Y%m%dT%H%M%SZ}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"at": at.isoformat(timespec="seconds"), **report}, indent=2) + "\n", encoding="utf-8")
    return path


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
