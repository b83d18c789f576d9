"""Runs of a load with the processor time that they cost, of the server, the database and the generator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

from benchmarks.load import Measured
from benchmarks.machine import database_process, processor_seconds, usable_processors
from benchmarks.results import Result, Target, percentile
from benchmarks.servers import Served

AnyRun = TypeVar("AnyRun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run, with the processor time of the server and of the database in milliseconds a call (None: it runs elsewhere)."""

    measured: Measured
    server: float
    database: float | None

    def as_json(self) -> dict[str, Any]:
        """Processor time a call and latencies, in milliseconds."""
        return {
            "server_ms": round(self.server, 3),
            "database_ms": None if self.database is None else round(self.database, 3),
            "generator_ms": round(self.measured.processor_seconds / len(self.measured.latencies) * 1000, 3),
            "p50_ms": round(percentile(self.measured.latencies, 0.5) * 1000, 2),
            "p95_ms": round(percentile(self.measured.latencies, 0.95) * 1000, 2),
        }


def watched(server: Served, run: Callable[[], Measured]) -> Run:
    """Make the run, and note what it costs the server and the database."""
    database = database_process()
    before = processor_seconds(server.pid), processor_seconds(database) if database else 0.0
    measured = run()
    calls = len(measured.latencies)
    return Run(
        measured=measured,
        server=(processor_seconds(server.pid) - before[0]) / calls * 1000,
        database=(processor_seconds(database) - before[1]) / calls * 1000 if database else None,
    )


def alternate(yardstick: Callable[[], AnyRun], ours: Callable[[], AnyRun], *, rounds: int) -> tuple[list[AnyRun], list[AnyRun]]:
    """The runs of both in turn, the yardstick's first, so that what the machine does besides meets both alike."""
    pairs = [(yardstick(), ours()) for _ in range(rounds)]
    return [first for first, _ in pairs], [second for _, second in pairs]


def beside_bare_row(name: str, bare: Sequence[Run], ours: Sequence[Run]) -> Result:
    """The row of calls to the product, beside the same calls to the bare application."""
    return Result(
        name=name,
        unit="calls/s",
        yardstick=[run.measured.rate for run in bare],
        ours=[run.measured.rate for run in ours],
        target=Target(value=0.5),
        note=f"processor a call {cost(ours)}, bare {cost(bare)}; {generator_share([run.measured for run in bare])}",
        more={"processor": {"ours": [run.as_json() for run in ours], "yardstick": [run.as_json() for run in bare]}},
    )


def cost(runs: Sequence[Run]) -> str:
    """The median processor time a call, as a row prints it."""
    server = median(run.server for run in runs)
    databases = [run.database for run in runs if run.database is not None]
    if not databases:
        return f"{server:.2f} ms, and PostgreSQL elsewhere"
    return f"{server + median(databases):.2f} ms ({server:.2f} + {median(databases):.2f} of PostgreSQL)"


def generator_share(runs: Sequence[Measured]) -> str:
    """The generator's share of all processors: if it is large, the generator is measured and not the server."""
    share = median(run.processor_seconds / run.seconds for run in runs) / usable_processors()
    return f"generator {share:.0%} of the machine"
