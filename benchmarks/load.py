"""Load generator: throughput and latency of a server on this machine, from a process of its own.

It keeps a fixed number of connections open, each with one call under way, and is bounded in time and count. It reads only as
much HTTP as granian writes for these calls: a status line, headers with a Content-Length, a body.
"""

import json
import re
import selectors
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Literal

from benchmarks.people import MOBILE, new_customer, person

MOST_CALLS = 200_000
_PATIENCE = 60.0
_CHUNK = 1 << 16
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
Action = Literal["get", "add", "visit"]


class WrongAnswerError(Exception):
    """A call was not answered with success, or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Load to make: `get` random customers from 1 to `people` by mobile, or `add` new ones from number `first` on.

    `visit` adds a new customer and a random known one in turn.
    """

    port: int
    action: Action
    till: str
    digest: str
    seconds: float
    connections: int
    people: int = 0
    first: int = 0
    items: int = 1


@dataclass(slots=True, kw_only=True)
class Measured:
    """The measured seconds: of the whole run, and of each call."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


def requests_of(load: Load) -> Iterator[bytes]:
    """The calls, one after the other, as they go over the wire."""
    common = (
        f"Host: localhost:{load.port}\r\nAccept: application/json\r\n"
        f"Authorization: Basic {b64encode(f'{load.till}:{load.digest}'.encode()).decode()}\r\n"
    )
    if load.action == "get":
        chance = Random(load.first)
        while True:
            mobile = person(chance.randint(1, load.people))[MOBILE]
            yield f"GET /v1.1/customer/get?{MOBILE}={mobile} HTTP/1.1\r\n{common}\r\n".encode()
    chance = Random(load.first)
    for first in count(load.first, load.items):
        if load.action == "visit" and first % 2:
            first = chance.randint(1, load.people)  # noqa: PLW2901 - the number of the customer to send
        body = json.dumps({"customer": [new_customer(number) for number in range(first, first + load.items)]})
        head = f"POST /v1.1/customer/add HTTP/1.1\r\n{common}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        yield f"{head}\r\n{body}".encode()


def answer_length(received: bytes | bytearray) -> int | None:
    """How many bytes the answer has that begins here, head included; None while its head is not whole.

    Raises WrongAnswerError for an answer without a Content-Length.
    """
    head = received.find(_HEAD_END)
    if head < 0:
        return None
    length = _LENGTH.search(received, 0, head)
    if length is None:
        raise WrongAnswerError(f"no Content-Length: {bytes(received[:200])!r}")
    return head + len(_HEAD_END) + int(length[1])


def check_answer(answer: bytes | bytearray) -> None:
    """Raise WrongAnswerError unless every item of the answer succeeded."""
    if not answer.startswith(b"HTTP/1.1 200 ") or b'"success":"false"' in answer or b'"success":"true"' not in answer:
        raise WrongAnswerError(bytes(answer[:2000]).decode(errors="replace"))


def make_load(load: Load) -> Measured:
    """Make the load and measure it. Raises WrongAnswerError at the first failed call."""
    calls = requests_of(load)
    measured = Measured()
    with ExitStack() as closing, selectors.DefaultSelector() as selector:
        connections = [closing.enter_context(_Connection(load.port)) for _ in range(load.connections)]
        begun = time.perf_counter()
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ, connection)
            connection.send(next(calls))
        while selector.get_map():
            ready = selector.select(_PATIENCE)
            if not ready:
                raise WrongAnswerError(f"no answer within {_PATIENCE:.0f} seconds")
            for connection in (key.data for key, _ in ready):
                if not connection.receive():
                    continue
                measured.latencies.append(time.perf_counter() - connection.sent_at)
                if time.perf_counter() - begun < load.seconds and len(measured.latencies) < MOST_CALLS:
                    connection.send(next(calls))
                else:
                    selector.unregister(connection)
        measured.seconds = time.perf_counter() - begun
    return measured


def make_paced_load(load: Load, pause: float) -> Measured:
    """Make the load by one connection, with a pause (seconds) between an answer and the next call. Errors as `make_load`."""
    calls = requests_of(load)
    measured = Measured()
    begun = time.perf_counter()
    with _Connection(load.port) as connection:
        while time.perf_counter() - begun < load.seconds and len(measured.latencies) < MOST_CALLS:
            connection.send(next(calls))
            while not connection.receive():
                pass
            measured.latencies.append(time.perf_counter() - connection.sent_at)
            time.sleep(pause)
    measured.seconds = time.perf_counter() - begun
    return measured


class _Connection:
    """One connection, kept open, with one call under way at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self.sent_at = 0.0

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, call: bytes) -> None:
        self._received.clear()
        self.sent_at = time.perf_counter()
        self._socket.sendall(call)

    def receive(self) -> bool:
        """Read the received bytes; return True if the answer is complete."""
        chunk = self._socket.recv(_CHUNK)
        self._received += chunk
        length = answer_length(self._received)
        if length is None or len(self._received) < length:
            if not chunk:
                raise WrongAnswerError("the server closed the connection")
            return False
        check_answer(self._received)
        return True
