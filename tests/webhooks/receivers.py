"""Receivers of webhooks: real HTTP servers on this machine, each with an answer of its own."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from webhooks.sending.signing import sign


@dataclass
class Received:
    """A request: its path, headers (lower case) and body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def uid(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> dict[str, Any]:
        value: dict[str, Any] = orjson.loads(self.body)
        return value

    def is_signed_by(self, secret: str) -> bool:
        """As a receiver checks it: one of the signatures is ours."""
        timestamp = int(self.headers["webhook-timestamp"])
        expected = sign(self.body, uid=self.uid, timestamp=timestamp, secret=secret)
        return abs(timestamp - time.time()) < 300 and expected in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """A server. `answer` gets each request and returns its status, or sends bytes of its own and returns None."""

    answer: Callable[[Received, BaseHTTPRequestHandler], int | None] = lambda _request, _handler: 200
    requests: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    @property
    def uids(self) -> list[str]:
        return [request.uid for request in self.requests]


@contextmanager
def receiving(receiver: Receiver | None = None, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Inside: the receiver listens on a free port, with `tls` for connections of TLS alone."""
    receiver = receiver or Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            request = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.requests.append(request)
            status = receiver.answer(request, self)
            if status is not None:
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", receiver.url)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
