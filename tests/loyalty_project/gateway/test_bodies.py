import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from loyalty_project.api.body import MAX_BODY_BYTES
from loyalty_project.gateway import bodies as module
from loyalty_project.gateway.bodies import Body, receive_body


async def arriving(*chunks: bytes, pause: float = 0.0, then: Exception | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(pause)
        yield chunk
    if then:
        raise then


_bodies: list[Body] = []


@pytest.fixture(autouse=True)
def _closed_bodies() -> Iterator[None]:
    yield
    while _bodies:
        _bodies.pop().close()


def received(*chunks: bytes, pause: float = 0.0, then: Exception | None = None, most: int = MAX_BODY_BYTES) -> Body:
    body = asyncio.run(receive_body(arriving(*chunks, pause=pause, then=then), most=most))
    _bodies.append(body)
    return body


def test_a_body_is_read_to_its_end() -> None:
    body = received(b"a\nb", b"c")
    assert (body.readline(), body.read(1), body.read(), body.read(), body.readline()) == (b"a\n", b"b", b"c", b"", b"")


def test_a_body_that_is_late_breaks_off_where_it_stopped(monkeypatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.5)
    body = received(b"a", b"b", pause=0.3)
    assert body.read(10) == b"a"
    for read in (body.read, body.readline):
        with pytest.raises(TimeoutError):
            read(10)


def test_a_body_that_makes_progress_has_longer(monkeypatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.1)
    chunk = b"a" * module.SLOWEST_RATE
    assert received(*[chunk] * 4, pause=0.05).read() == chunk * 4


def test_progress_of_a_few_bytes_buys_no_time(monkeypatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.1)
    body = received(*[b"a"] * 100, pause=0.02)
    assert 0 < len(body.read(100)) < 10


@pytest.mark.parametrize("gone", [ConnectionResetError("gone"), RuntimeError("stream error")])
def test_a_client_that_goes_away_leaves_an_incomplete_body(gone: Exception) -> None:
    body = received(b"a", then=gone)
    assert body.read() == b"a"
    with pytest.raises(TimeoutError):
        body.read()


def test_what_exceeds_the_limit_is_dropped_but_for_a_byte() -> None:
    body = received(*[b"a" * 1024 * 1024] * 8)
    assert len(body.read()) == MAX_BODY_BYTES + 1


def test_a_page_that_takes_files_has_a_limit_of_its_own() -> None:
    assert len(received(b"a" * 30, b"b" * 30, most=40).read()) == 41
    assert len(received(*[b"a" * 1024 * 1024] * 8, most=2 * MAX_BODY_BYTES).read()) == 8 * 1024 * 1024


def test_a_flood_is_not_read_to_its_end(monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_DISCARDED_BYTES", 10)
    taken = []

    async def flood() -> AsyncIterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield b"aaaa"

    _bodies.append(asyncio.run(receive_body(flood())))
    assert len(taken) == 3


def test_a_large_body_is_not_kept_in_memory() -> None:
    assert received(b"a" * (module.KEPT_IN_MEMORY + 1))._file._rolled
    assert not received(b"a")._file._rolled
