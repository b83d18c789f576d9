"""RSGI application that granian serves: it receives a request in the event loop and runs Django in a thread.

A thread gets a request when its body has arrived, and hands the answer over as a whole. So clients that send or read slowly
occupy connections only, which have time limits of their own (loyalty_project/serving.py).
"""

import asyncio
import gc
from collections.abc import AsyncIterable, Callable, Iterable
from contextlib import closing, nullcontext
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast

import structlog
from django.conf import settings

from loyalty_project.api.body import MAX_BODY_BYTES
from loyalty_project.api.error_pages import busy
from loyalty_project.gateway.bodies import Body, receive_body
from loyalty_project.gateway.connections import end_stalled_connections
from loyalty_project.gateway.environment import Scope, environment_of
from loyalty_project.gateway.known_callers import KnownCallers, is_marked
from loyalty_project.gateway.lanes import BusyError, Lanes
from loyalty_project.upload_tickets import MAX_UPLOAD_BYTES, has_ticket
from loyalty_project.wsgi import application as django_application
from loyalty_project.wsgi_request import TolerantRequest

log = structlog.get_logger(__name__)

_BLOCK: Final = 64 * 1024
# Probes of supervisors and load balancers have no credential, and must not wait behind strangers.
_PROBES: Final = frozenset({"/healthz", "/readyz"})

PlainHeaders = list[tuple[str, str]]


class ServerProtocol(Protocol):
    """The server's side of one request (RSGI 1.6). Answers may be given from any thread."""

    def response_bytes(self, status: int, headers: PlainHeaders, body: bytes) -> None: ...
    def response_file(self, status: int, headers: PlainHeaders, file: str) -> None: ...


class Gateway:
    """The application of one worker process."""

    _lanes: Lanes

    def __init__(self) -> None:
        self._known = KnownCallers()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._lanes = Lanes(settings.SERVER_THREADS)
        # What is loaded by now stays: no collection of garbage looks at it again.
        gc.collect()
        gc.freeze()
        # Called when the loop runs: the server listens by then.
        loop.call_soon(end_stalled_connections)

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        self._lanes.close()

    async def __rsgi__(self, scope: Scope, protocol: ServerProtocol) -> None:
        entry = self._known.entry_of(scope.headers)
        body = await _body_of(scope, protocol)
        with closing(body):
            environment = {**environment_of(scope, body), "wsgi.file_wrapper": FileToSend}
            is_known = self._known.holds(entry) or scope.path in _PROBES
            try:
                await self._lanes.run(lambda: _answer(environment, protocol), is_known=is_known)
            except BusyError:
                _refuse(environment, protocol)
            else:
                self._known.learn(entry, is_right=is_marked(environment))


application = Gateway()


class FileToSend:
    """A file of an answer, which the server reads itself (`wsgi.file_wrapper`)."""

    def __init__(self, file: IO[bytes], _block_size: int = _BLOCK) -> None:
        self.file = file

    def __iter__(self) -> Iterable[bytes]:
        return iter(lambda: self.file.read(_BLOCK), b"")

    @property
    def path(self) -> Path | None:
        """The path, if the answer is a whole file."""
        name = getattr(self.file, "name", None)
        return Path(name) if isinstance(name, str) else None

    def close(self) -> None:
        """Close the file."""
        self.file.close()


async def _body_of(scope: Scope, protocol: ServerProtocol) -> Body:
    headers = scope.headers
    if headers.get("content-length") in {None, "0"} and headers.get("transfer-encoding") is None:
        return Body(BytesIO(), is_complete=True)
    most = MAX_UPLOAD_BYTES if scope.query_string and has_ticket(scope.query_string) else MAX_BODY_BYTES
    return await receive_body(cast("AsyncIterable[bytes]", protocol), most=most)


def _answer(environment: dict[str, Any], protocol: ServerProtocol) -> None:
    """Run Django and hand its answer over."""
    status, headers = 500, cast("PlainHeaders", [])

    def start_response(line: str, given: PlainHeaders, _error: object = None, /) -> Callable[[bytes], object]:
        nonlocal status, headers
        status, headers = int(line.split(" ", 1)[0]), given
        return lambda _data: None  # PEP 3333 asks for a function that writes; Django has no use for it

    try:
        answer: Any = django_application(environment, start_response)
        with closing(answer) if hasattr(answer, "close") else nullcontext():
            path = answer.path if isinstance(answer, FileToSend) else None
            if path:
                protocol.response_file(status, headers, str(path))
            else:
                protocol.response_bytes(status, headers, b"".join(answer))
    except Exception:  # the counterpart of a server's own page for errors that Django did not handle
        log.exception("request_failed")
        protocol.response_bytes(500, [], b"")


def _refuse(environment: dict[str, Any], protocol: ServerProtocol) -> None:
    answer = busy(TolerantRequest(environment))
    protocol.response_bytes(answer.status_code, list(answer.items()), answer.content)
