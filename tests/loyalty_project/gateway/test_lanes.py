import asyncio
import threading
from collections.abc import Callable

import pytest

from loyalty_project.gateway.lanes import BusyError, Lanes


class Stuck:
    """Work that does not end before it is released, and counts its beginnings."""

    def __init__(self) -> None:
        self.begun = 0
        self.released = threading.Event()

    def __call__(self) -> None:
        self.begun += 1
        assert self.released.wait(10)


async def begin(lanes: Lanes, work: Callable[[], None], count: int, *, is_known: bool) -> list["asyncio.Task[None]"]:
    tasks = [asyncio.create_task(lanes.run(work, is_known=is_known)) for _ in range(count)]
    await asyncio.sleep(0.05)
    return tasks


def test_strangers_leave_half_of_the_threads_to_known_callers() -> None:
    async def attack() -> None:
        lanes, stuck = Lanes(4), Stuck()
        strangers = await begin(lanes, stuck, 20, is_known=False)
        assert stuck.begun == 2
        async with asyncio.timeout(5):
            await lanes.run(lambda: None, is_known=True)
        stuck.released.set()
        await asyncio.gather(*strangers)
        assert stuck.begun == 20
        lanes.close()

    asyncio.run(attack())


def test_strangers_behind_a_full_queue_are_refused() -> None:
    async def attack() -> None:
        lanes, stuck = Lanes(1, most_waiting=2), Stuck()
        strangers = await begin(lanes, stuck, 3, is_known=False)
        with pytest.raises(BusyError):
            await lanes.run(stuck, is_known=False)
        stuck.released.set()
        await asyncio.gather(*strangers)
        lanes.close()

    asyncio.run(attack())


def test_a_stranger_who_waited_too_long_is_refused() -> None:
    async def attack() -> None:
        lanes, stuck = Lanes(1, longest_wait=0.1), Stuck()
        strangers = await begin(lanes, stuck, 1, is_known=False)
        with pytest.raises(BusyError):
            await lanes.run(stuck, is_known=False)
        stuck.released.set()
        await asyncio.gather(*strangers)
        await lanes.run(lambda: None, is_known=False)
        lanes.close()

    asyncio.run(attack())


def test_a_failure_of_work_gives_its_place_back() -> None:
    def fail() -> None:
        raise ValueError("a bug")

    async def attack() -> None:
        lanes = Lanes(1)
        for _ in range(3):
            with pytest.raises(ValueError, match="a bug"):
                await lanes.run(fail, is_known=False)
        await lanes.run(lambda: None, is_known=False)
        lanes.close()

    asyncio.run(attack())
