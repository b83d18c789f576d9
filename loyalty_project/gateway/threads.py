"""Threads that work for the event loop. A call costs half of what the standard library's executor takes for one."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread, main_thread
from typing import Final

# Seconds after which an idle thread looks if the process is ending.
_LOOK: Final = 1.0
_Call = tuple[Callable[[], None], "asyncio.Future[None]"]


class Threads:
    """A fixed number of threads. Work that has begun is finished, also when the process ends."""

    def __init__(self, count: int) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._threads = [Thread(target=self._work, name=f"calls_{number}") for number in range(count)]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[], None]) -> None:
        """Run `work` in a thread, as soon as one is free. Raises what it raises. Cancelled work is not begun."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._calls.put((work, future))
        await future

    def close(self) -> None:
        """End the threads after the calls that wait."""
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=_LOOK)
            except Empty:
                if main_thread().is_alive():
                    continue
                return
            if call is None:
                return
            work, future = call
            if not future.cancelled():
                _run(work, future)


def _run(work: Callable[[], None], future: "asyncio.Future[None]") -> None:
    error: BaseException | None = None
    try:
        work()
    except BaseException as raised:  # noqa: BLE001 - raised where the call is awaited
        error = raised
    # The loop has ended if nobody waits any more.
    with suppress(RuntimeError):
        future.get_loop().call_soon_threadsafe(_finish, future, error)


def _finish(future: "asyncio.Future[None]", error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
