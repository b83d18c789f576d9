"""Rows about registrations over HTTP: singly with their processor time, and many in a call."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Final

from benchmarks.calls import NO_FAILURES, SUCCESS, add_call, make_load
from benchmarks.gets import Effort
from benchmarks.load import Load, Measured
from benchmarks.people import NEW_OVER_HTTP
from benchmarks.results import Result, Target
from benchmarks.servers import Served
from benchmarks.watching import cost, generator_share, watched

BATCH: Final = 50
# Calls that are prepared for each second: more than any server takes.
_FASTEST: Final = 2_000
_FASTEST_BATCHES: Final = 100
# With more, a batch would mostly wait for others.
_CONNECTIONS_FOR_BATCHES: Final = 4
_numbers = count(NEW_OVER_HTTP, 1_000_000)


def measure_adds(server: Served, effort: Effort) -> Iterator[Result]:
    """Rows: new customers, one in a call and many in a call."""
    _add(server, effort, items=1)
    runs = [watched(server, partial(_add, server, effort, items=1)) for _ in range(effort.rounds)]
    yield Result(
        name="customer/add",
        unit="calls/s",
        ours=[run.measured.rate for run in runs],
        note=f"processor a call {cost(runs)}; {generator_share([run.measured for run in runs])}",
        more={"processor": {"ours": [run.as_json() for run in runs]}},
    )
    singly, together = [], []
    for _ in range(effort.rounds):
        singly.append(_add(server, effort, items=1).rate)
        together.append(_add(server, effort, items=BATCH).rate * BATCH)
    yield Result(
        name=f"add of {BATCH} in a call, beside singly",
        unit="customers/s",
        yardstick=singly,
        ours=together,
        target=Target(value=4),
    )


def _add(server: Served, effort: Effort, *, items: int) -> Measured:
    first, fastest = next(_numbers), _FASTEST if items == 1 else _FASTEST_BATCHES
    starts = range(first, first + int(effort.seconds * fastest) * items, items)
    return make_load(
        Load(
            port=server.port,
            calls=[add_call(range(start, start + items)) for start in starts],
            seconds=effort.seconds,
            connections=effort.connections if items == 1 else min(effort.connections, _CONNECTIONS_FOR_BATCHES),
            is_repeated=False,
            wanted=SUCCESS,
            unwanted=NO_FAILURES,
        )
    )
