"""The threads that work on requests: all are open to known callers, half of them to others."""

import asyncio
from collections.abc import Callable
from typing import Final

from loyalty_project.gateway.threads import Threads

MOST_WAITING: Final = 64
LONGEST_WAIT: Final = 10.0


class BusyError(Exception):
    """Too many requests of unknown callers wait."""


class Lanes:
    """A pool of threads. Unknown callers use half of them at a time, and `most_waiting` of them wait for `longest_wait` s."""

    def __init__(self, threads: int, *, most_waiting: int = MOST_WAITING, longest_wait: float = LONGEST_WAIT) -> None:
        self._threads = Threads(threads)
        self._open_to_all = asyncio.Semaphore(max(1, threads // 2))
        self._waiting = 0
        self._most_waiting = most_waiting
        self._longest_wait = longest_wait

    async def run(self, work: Callable[[], None], *, is_known: bool) -> None:
        """Run `work` in a thread. Raises BusyError if too many strangers wait, or this one waited too long."""
        if is_known:
            await self._threads.run(work)
            return
        if self._waiting >= self._most_waiting:
            raise BusyError
        self._waiting += 1
        try:
            async with asyncio.timeout(self._longest_wait):
                await self._open_to_all.acquire()
        except TimeoutError as error:
            raise BusyError from error
        finally:
            self._waiting -= 1
        try:
            await self._threads.run(work)
        finally:
            self._open_to_all.release()

    def close(self) -> None:
        """End the threads after the calls that wait."""
        self._threads.close()
