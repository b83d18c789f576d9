"""Threads that work for the event loop."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from loyalty_project.gateway import threads as gateway_threads
from loyalty_project.gateway.threads import Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    """Two threads."""
    made = Threads(2)
    yield made
    made.close()
    for thread in made._threads:
        thread.join(10)
        assert not thread.is_alive()


def test_work_is_run_in_the_threads(threads: Threads) -> None:
    names: list[str] = []

    async def work() -> None:
        await asyncio.gather(*(threads.run(lambda: names.append(threading.current_thread().name)) for _ in range(20)))

    asyncio.run(work())
    assert len(names) == 20
    assert set(names) <= {"calls_0", "calls_1"}


def test_as_many_calls_run_at_once_as_there_are_threads(threads: Threads) -> None:
    both = threading.Barrier(2)

    async def work() -> None:
        await asyncio.gather(threads.run(lambda: both.wait(10) and None), threads.run(lambda: both.wait(10) and None))

    asyncio.run(work())
    assert not both.broken


def compute(seconds: float) -> None:
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        pass


@pytest.mark.parametrize(
    ("call", "idle", "patience", "most"),
    [
        # A machine with other work to do looks idle to this process, and everything takes long.
        pytest.param(lambda: compute(0.002), -1, 5, 1, id="quick calls that compute"),
        pytest.param(lambda: time.sleep(0.005), 0.5, 5, 2, id="quick calls that wait"),
        pytest.param(lambda: compute(0.05), -1, 0.01, 2, id="calls that take long"),
    ],
)
def test_a_second_thread_works_if_the_first_waits_or_takes_long(
    threads: Threads, monkeypatch: pytest.MonkeyPatch, call: Callable[[], None], idle: float, patience: float, most: int
) -> None:
    monkeypatch.setattr(gateway_threads, "IDLE", idle)
    monkeypatch.setattr(gateway_threads, "PATIENCE", patience)
    under_way: list[int] = []
    at_once: list[int] = []

    def counted() -> None:
        under_way.append(1)
        at_once.append(len(under_way))
        call()
        under_way.pop()

    async def work() -> None:
        await asyncio.gather(*(threads.run(counted) for _ in range(40)))

    asyncio.run(work())
    assert max(at_once) == most


def test_one_thread_works_again_after_long_calls(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_threads, "IDLE", -1)
    monkeypatch.setattr(gateway_threads, "BUSY", 0)

    async def work() -> None:
        held, release = await _hold(threads, 2)
        release()
        await asyncio.gather(*held)
        await asyncio.gather(*(threads.run(lambda: compute(0.002)) for _ in range(40)))

    asyncio.run(work())
    assert threads._turns._given == 1


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_the_caller_gets_what_work_raises(threads: Threads, error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    async def work() -> str:
        try:
            await threads.run(fail)
        except error:
            return "raised"
        return ""

    assert asyncio.run(work()) == "raised"
    assert asyncio.run(_answer(threads)) == ["done"]


def test_cancelled_work_is_not_begun(threads: Threads) -> None:
    begun: list[int] = []

    async def work() -> None:
        held, release = await _hold(threads, 2)
        waiting = asyncio.create_task(threads.run(lambda: begun.append(1)))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        release()
        await asyncio.gather(*held)
        await threads.run(lambda: begun.append(2))

    asyncio.run(work())
    assert begun == [2]


def test_work_is_finished_although_its_caller_was_cancelled(threads: Threads) -> None:
    async def work() -> None:
        held, release = await _hold(threads, 1)
        held[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await held[0]
        release()

    asyncio.run(work())
    assert asyncio.run(_answer(threads)) == ["done"]


async def _answer(threads: Threads) -> list[str]:
    """What both threads still answer."""
    answers: list[str] = []
    await threads.run(lambda: answers.append("done"))
    return answers


async def _hold(threads: Threads, count: int) -> tuple[list["asyncio.Task[None]"], Callable[[], Any]]:
    """Keep threads busy: the calls, and the function that lets them end."""
    released = threading.Event()
    held = [asyncio.create_task(threads.run(lambda: released.wait(10) and None)) for _ in range(count)]
    await asyncio.sleep(0.05)
    return held, released.set
