"""Calls a second over HTTP, beside a bare server that runs the same statements. Runs alternate."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from multiprocessing import get_context

from benchmarks.expectations import floor_of_calls
from benchmarks.filler import PASSWORD, TILL, Filled
from benchmarks.in_process import record_add, record_get
from benchmarks.load import Action, Load, Measured, make_load
from benchmarks.people import NEW_OVER_HTTP
from benchmarks.recording import Recording
from benchmarks.servers import product, replaying
from benchmarks.tables import Result, Side
from organizations.credentials.hashing import password_digest

_WARM_UP_SECONDS = 1.5
# For starting a process and waiting for the last answers.
_GRACE_SECONDS = 120.0
# More than any run uses up.
_NUMBERS_OF_A_RUN = 1_000_000
# With more, a batch would mostly wait for others.
_CONNECTIONS_FOR_BATCHES = 4
_runs = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Effort for a row: runs of each side, seconds of a run, and connections."""

    rounds: int
    seconds: float
    connections: int


def measure_bare_server(filled: Filled, effort: Effort) -> Result:
    """Row: the bare server with one lookup a call, as a check of the machine."""
    recording = record_get(filled)
    recording = Recording(recording.statements[:1], recording.answer)
    load = _load("get", effort, people=filled.customers)
    with replaying(recording.as_json()) as port, _loader() as loader:
        (side,) = _alternate(loader, [port], load, effort)
    return Result(name="bare server, one lookup", unit="calls/s", yardstick=side, floor=floor_of_calls(statements=1))


def measure_get(filled: Filled, effort: Effort) -> Result:
    """Row: gets of random customers by mobile."""
    recording = record_get(filled)
    load = _load("get", effort, people=filled.customers)
    floor = floor_of_calls(statements=len(recording.statements))
    return _beside("get over HTTP", "calls/s", load, recording, effort, floor)


def measure_add(effort: Effort, *, items: int) -> Result:
    """Row: registrations of new customers, `items` a call; the rate is that of customers."""
    recording = record_add(items)
    statements = len(recording.statements)
    floor = items * floor_of_calls(statements=statements, transactions=items)
    name = "add over HTTP" if items == 1 else f"add over HTTP, {items} a call"
    return _beside(name, "customers/s", _load("add", effort, items=items), recording, effort, floor)


def _beside(name: str, unit: str, load: Load, recording: Recording, effort: Effort, floor: float) -> Result:
    with product() as ours, replaying(recording.as_json(items=load.items)) as bare, _loader() as loader:
        sides = _alternate(loader, [ours, bare], load, effort)
    note = f"{len(recording.statements)} queries a call"
    return Result(name=name, unit=unit, ours=sides[0], yardstick=sides[1], floor=floor, note=note)


def _alternate(loader: ProcessPoolExecutor, ports: Sequence[int], load: Load, effort: Effort) -> list[Side]:
    """Runs in turn on each port, so that other load on the machine affects all of them alike."""
    for port in ports:
        _run(loader, replace(load, seconds=_WARM_UP_SECONDS), port)
    rounds = [[_run(loader, load, port) for port in ports] for _ in range(effort.rounds)]
    return [_side(runs, items=load.items) for runs in zip(*rounds, strict=True)]


def _run(loader: ProcessPoolExecutor, load: Load, port: int) -> Measured:
    load = replace(load, port=port, first=NEW_OVER_HTTP + next(_runs) * _NUMBERS_OF_A_RUN)
    return loader.submit(make_load, load).result(timeout=load.seconds + _GRACE_SECONDS)


def _side(runs: Sequence[Measured], *, items: int) -> Side:
    rates = [len(run.latencies) * items / run.seconds for run in runs]
    return Side(rates, [latency for run in runs for latency in run.latencies])


def _load(action: Action, effort: Effort, *, people: int = 0, items: int = 1) -> Load:
    return Load(
        port=0,
        action=action,
        till=TILL,
        digest=password_digest(PASSWORD),
        seconds=effort.seconds,
        connections=effort.connections if items == 1 else min(effort.connections, _CONNECTIONS_FOR_BATCHES),
        people=people,
        items=items,
    )


@contextmanager
def _loader() -> Iterator[ProcessPoolExecutor]:
    """A new process for the load, which shares nothing with Django."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        yield pool
