"""Several workers at once, each on a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Job = TypeVar("Job")
Result = TypeVar("Result")


def race(lanes: Sequence[Sequence[Job]], work: Callable[[Job], Result]) -> list[Result]:
    """Work every lane in a thread; all lanes take their n-th job at the same moment. The results of all, lane by lane."""
    start = Barrier(len(lanes))

    def run(lane: Sequence[Job]) -> list[Result]:
        try:
            results = []
            for job in lane:
                start.wait(timeout=60)
                results.append(work(job))
            return results
        finally:
            connection.close()

    with ThreadPoolExecutor(len(lanes)) as pool:
        return [result for lane in pool.map(run, lanes) for result in lane]
