"""Threads that work for the event loop. A call costs half of what the standard library's executor takes for one."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread, main_thread
from typing import Final

# Calls that wait are looked at so often, in seconds.
LOOK: Final = 0.01
# Seconds without the beginning of a call after which those under way are long.
PATIENCE: Final = 0.01
# Share of one processor below which the threads that work are waiting themselves.
IDLE: Final = 0.5
BUSY: Final = 0.9
# An idle thread looks so often if the process is ending, in seconds.
_ALIVE: Final = 1.0
_Call = tuple[Callable[[], None], "asyncio.Future[None]"]


class Threads:
    """A fixed number of threads. Work that has begun is finished, also when the process ends.

    One of them works as long as calls are quick: threads that compute at the same time wait for the interpreter and for each
    other, and a call costs a fifth more. A further one works if calls wait although none has begun for PATIENCE, or although
    the process computes for less than half of the time: then the calls under way are long, or wait for the database.
    """

    def __init__(self, count: int) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._turns = _Turns(count)
        self._is_watched = False
        self._last_begun = 0.0
        self._threads = [Thread(target=self._work, name=f"calls_{number}") for number in range(count)]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[], None]) -> None:
        """Run `work` in a thread, as soon as one is free. Raises what it raises. Cancelled work is not begun."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._calls.put((work, future))
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(LOOK, self._watch, loop, time.monotonic(), time.process_time())
        await future

    def close(self) -> None:
        """End the threads after the calls that wait."""
        for _ in self._threads:
            self._calls.put(None)
        self._turns.give_all()

    def _watch(self, loop: asyncio.AbstractEventLoop, since: float, computed: float) -> None:
        """Give or take a turn, while calls wait. `computed`: the process's time on processors until `since`."""
        now, used = time.monotonic(), time.process_time()
        if self._calls.empty():
            self._is_watched = False
            return
        share = (used - computed) / (now - since)
        if share < IDLE or now - self._last_begun > PATIENCE:
            self._turns.give()
        elif share > BUSY:
            self._turns.take()
        loop.call_later(LOOK, self._watch, loop, now, used)

    def _work(self) -> None:
        while self._turns.await_one() and self._work_until_taken():
            pass

    def _work_until_taken(self) -> bool:
        """Work on calls until the thread's turn is taken: True. False at the end of the process."""
        while True:
            try:
                call = self._calls.get(timeout=_ALIVE)
            except Empty:
                if main_thread().is_alive():
                    continue
                return False
            if call is None:
                return False
            self._last_begun = time.monotonic()
            work, future = call
            if not future.cancelled():
                _run(work, future)
            if self._turns.is_taken():
                return True


class _Turns:
    """The turns of the threads that may work: one at the beginning, `most` at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._wanted = self._given = 1
        self._lock = Lock()
        self._free = Semaphore(1)

    def give(self) -> None:
        """Let one more thread work."""
        with self._lock:
            self._wanted = min(self._most, self._wanted + 1)
            if self._given < self._wanted:
                self._given += 1
                self._free.release()

    def give_all(self) -> None:
        """Let all threads work, each of which then ends."""
        for _ in range(self._most):
            self.give()

    def take(self) -> None:
        """Let one thread less work, as soon as it has ended its call. One goes on."""
        with self._lock:
            self._wanted = max(1, self._wanted - 1)

    def is_taken(self) -> bool:
        """True if the thread that asks has to give back its turn, which it does by asking."""
        with self._lock:
            if self._given <= self._wanted:
                return False
            self._given -= 1
            return True

    def await_one(self) -> bool:
        """Wait for a turn. False if the process ends."""
        while not self._free.acquire(timeout=_ALIVE):
            if not main_thread().is_alive():
                return False
        return True


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
