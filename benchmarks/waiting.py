"""Rows about waiting: the slowest calls at a fixed rate, beside those in the middle."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks.load import Measured
from benchmarks.results import Result, Target, percentile
from benchmarks.watching import generator_share

# Connections of a load at a fixed rate.
CONNECTIONS: Final = 64
_KEPT_UP: Final = 0.9


def waiting_row(runs: Sequence[Measured], *, rate: int, name: str, note: str = "") -> Result:
    """The row of runs with so many calls a second: p99 in milliseconds, beside p50."""
    answered = median(run.rate for run in runs)
    return Result(
        name=name,
        unit="ms",
        yardstick=[percentile(run.latencies, 0.5) * 1000 for run in runs],
        ours=[percentile(run.latencies, 0.99) * 1000 for run in runs],
        target=Target(value=4, is_most=True),
        # A server that does not keep up has a queue, in which all calls wait about as long.
        shortfall="" if answered >= _KEPT_UP * rate else f"answered {answered:.0f} calls/s",
        note="; ".join(filter(None, (note, generator_share(runs)))),
    )
