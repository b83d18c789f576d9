"""Load generator: calls to a server on this machine, from a process of its own that knows nothing of Django.

`python -m benchmarks.load` reads a `Load` as JSON from standard input and writes what it `Measured` as JSON. It has one thread,
and connections that stay open, each with one call under way at most. It reads only as much HTTP as granian writes for these
calls: a status line, headers with a Content-Length, a body.

Without a `rate` each connection calls again as soon as it is answered: the load is the highest that the server takes. With a
rate the calls are due at fixed moments, however long the answers take; a call's latency counts from when it was due.
"""

import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import Final

MOST_CALLS: Final = 200_000
_PATIENCE: Final = 60.0
_CHUNK: Final = 1 << 17
_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_HEAD_END: Final = b"\r\n\r\n"


class WrongAnswerError(Exception):
    """A call was answered otherwise than expected, or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Load to make: `calls` as they go over the wire, in turn for so many seconds, or each once if they are not `repeated`.

    An answer is right if its status is one of `statuses`, it has the text `wanted` and does not have `unwanted` ("": any).
    """

    port: int
    calls: list[str]
    seconds: float
    connections: int
    rate: float = 0.0
    is_repeated: bool = True
    statuses: list[int] = field(default_factory=lambda: [200])
    wanted: str = ""
    unwanted: str = ""


@dataclass(slots=True, kw_only=True)
class Measured:
    """The seconds of the run, the latency of each call in the order of the answers, and the generator's processor time."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    processor_seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.latencies) / self.seconds


def answer_length(received: bytes | bytearray) -> int | None:
    """Length in bytes of the answer that begins here, head included; None while its head is not whole.

    Raises WrongAnswerError for an answer without a Content-Length.
    """
    head = received.find(_HEAD_END)
    if head < 0:
        return None
    length = _LENGTH.search(received, 0, head + 2)
    if length is None:
        raise WrongAnswerError(f"no Content-Length: {bytes(received[:200])!r}")
    return head + len(_HEAD_END) + int(length[1])


def make_load(load: Load) -> Measured:
    """Make the load and measure it. Raises WrongAnswerError at the first wrong answer."""
    measured = Measured()
    with ExitStack() as closing, selectors.DefaultSelector() as selector:
        free = [closing.enter_context(_Connection(load.port)) for _ in range(load.connections)]
        for connection in free:
            selector.register(connection, selectors.EVENT_READ, connection)
        right = _Expectation(load)
        used, begun = time.process_time(), time.perf_counter()
        calls = _due_calls(load, begun)
        call = next(calls, None)
        while call is not None or len(free) < load.connections:
            now = time.perf_counter()
            while call is not None and free and call.due <= now:
                free.pop().send(call.content, max(call.due, begun) if load.rate else now)
                call = next(calls, None)
            ready = selector.select(_pause(call, free, now, under_way=load.connections - len(free)))
            if not ready and (call is None or call.due <= now):
                raise WrongAnswerError(f"no answer within {_PATIENCE:.0f} seconds")
            for connection in (key.data for key, _ in ready):
                if connection.receive():
                    measured.latencies.append(time.perf_counter() - connection.due)
                    right.check(connection.received)
                    free.append(connection)
        measured.seconds = time.perf_counter() - begun
        measured.processor_seconds = time.process_time() - used
    return measured


def answer_to(port: int, call: str) -> bytes:
    """The whole answer to one call, head included. Raises WrongAnswerError if there is none."""
    with _Connection(port) as connection:
        connection.send(call.encode("latin-1"), 0.0)
        while not connection.receive():
            pass
        return bytes(connection.received)


@dataclass(frozen=True, slots=True)
class _Call:
    content: bytes
    due: float


def _due_calls(load: Load, begun: float) -> Iterator[_Call]:
    """The calls with their moments of the clock: without a rate all are due at once, until the time is over.

    With a rate, calls that were due long ago are given up after twice the time.
    """
    contents = [call.encode("latin-1") for call in load.calls]
    given = cycle(contents) if load.is_repeated else iter(contents)
    for number, content in enumerate(islice(given, MOST_CALLS)):
        due = begun + number / load.rate if load.rate else begun
        late = time.perf_counter() - begun - (load.seconds if load.rate else 0.0)
        if late >= load.seconds or due - begun >= load.seconds:
            return
        yield _Call(content, due)


def _pause(call: _Call | None, free: Sequence[object], now: float, *, under_way: int) -> float:
    """Seconds to wait for answers: until the next call is due, if a connection is free for it."""
    if call is not None and free:
        return max(0.0, call.due - now)
    return _PATIENCE if under_way else 0.0


class _Expectation:
    """What makes an answer right."""

    def __init__(self, load: Load) -> None:
        self._starts = tuple(f"HTTP/1.1 {status} ".encode() for status in load.statuses)
        self._wanted, self._unwanted = load.wanted.encode(), load.unwanted.encode()

    def check(self, answer: bytearray) -> None:
        """Raise WrongAnswerError for a wrong answer."""
        if not answer.startswith(self._starts) or self._wanted not in answer or (self._unwanted and self._unwanted in answer):
            raise WrongAnswerError(bytes(answer[:2000]).decode(errors="replace"))


class _Connection:
    """One connection, kept open, with one call under way at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._length: int | None = None
        self.received = bytearray()
        self.due = 0.0

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, call: bytes, due: float) -> None:
        self.received, self._length, self.due = bytearray(), None, due
        self._socket.sendall(call)

    def receive(self) -> bool:
        """Read the received bytes; return True if the answer is complete."""
        chunk = self._socket.recv(_CHUNK)
        self.received += chunk
        if self._length is None:
            self._length = answer_length(self.received)
        if self._length is None or len(self.received) < self._length:
            if not chunk:
                raise WrongAnswerError("the server closed the connection")
            return False
        return True


def main() -> int:
    """Exit status: 0, or 1 after a wrong answer, which is printed to standard error."""
    load = Load(**json.load(sys.stdin))
    try:
        measured = make_load(load)
    except (WrongAnswerError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    json.dump(asdict(measured), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
