"""Processor time of work, for tests of limits."""

import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object], *, tries: int = 3) -> float:
    """The least processor time of several runs, which other processes on the machine hardly change."""
    return min(_once(work) for _ in range(tries))


def _once(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
