"""A proxy on the loopback that loses answers: of every Nth connection the server's reply is cut off.

In turn, the client is hung up on as soon as its request is under way, before the answer, and in the middle of the answer. The
server is always heard to the end: when the proxy has ended, no call is at work any more.
"""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

from loyalty_project.serving import Address

_CHUNK = 65_536
_PATIENCE = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class CuttingProxy:
    """Forwards connections of one call each to `target`. `cut` counts the answers that were lost."""

    def __init__(self, target: Address, *, every: int) -> None:
        self._target = target
        self._every = every
        self._lock = Lock()
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.address = Address("127.0.0.1", self._listener.getsockname()[1])
        self.cut = 0

    def run(self) -> None:
        """Accept connections until `end`."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = Thread(target=self._serve, args=[client, len(self._threads) + 1], daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Accept no more, and wait for the connections that are open."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive()

    def _serve(self, client: socket.socket, number: int) -> None:
        is_cut = number % self._every == 0
        at_once, before, amid = (is_cut and number // self._every % 3 == way for way in range(3))
        with self._lock:
            self.cut += is_cut
        address = (self._target.host, self._target.port)
        with client, suppress(OSError), socket.create_connection(address, _PATIENCE) as server:
            client.settimeout(_PATIENCE)
            server.sendall(_request(client))
            if at_once:
                client.shutdown(socket.SHUT_RDWR)
            reply = _rest(server)
            if not at_once and not before:
                client.sendall(reply[: len(reply) // 2] if amid else reply)


def _request(client: socket.socket) -> bytes:
    """A whole request, whose answer ends the connection."""
    received = b""
    while (head := received.find(b"\r\n\r\n")) < 0:
        received += _some(client)
    length = _LENGTH.search(received, 0, head)
    while len(received) < head + 4 + (int(length[1]) if length else 0):
        received += _some(client)
    return received.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


def _some(client: socket.socket) -> bytes:
    chunk = client.recv(_CHUNK)
    if not chunk:
        raise ConnectionError("the client has gone")
    return chunk


def _rest(server: socket.socket) -> bytes:
    received = b""
    while chunk := server.recv(_CHUNK):
        received += chunk
    return received


@contextmanager
def cutting_proxy(target: Address, *, every: int) -> Iterator[CuttingProxy]:
    """A running proxy. At its end all that it has forwarded is over."""
    proxy = CuttingProxy(target, every=every)
    thread = Thread(target=proxy.run, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.end()
        thread.join(_PATIENCE)
