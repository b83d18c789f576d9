import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from loyalty_project.api.body import MAX_BODY_BYTES
from loyalty_project.gateway import application as module
from loyalty_project.gateway.application import Gateway
from loyalty_project.upload_tickets import MAX_UPLOAD_BYTES, make_ticket
from tests.loyalty_project.gateway.test_environment import FakeHeaders, FakeScope

# Django ends connections that are too old, which touches the database.
pytestmark = [pytest.mark.urls("tests.loyalty_project.api.wire_urls"), pytest.mark.django_db]


class Wire:
    """The server's side of one request."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.given: tuple[Any, ...] = ()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.given = (status, dict(headers), body)

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        self.given = (status, dict(headers), file)


class NoThreads:
    """Lanes in the calling thread, so that the test's database is seen; `busy` ones refuse strangers."""

    def __init__(self, *, busy: bool = False) -> None:
        self.busy = busy

    async def run(self, work: Any, *, is_known: bool) -> None:
        if self.busy and not is_known:
            raise module.BusyError
        work()


def call(scope: FakeScope, *chunks: bytes, busy: bool = False) -> tuple[Any, ...]:
    gateway, wire = Gateway(), Wire(*chunks)
    gateway._lanes = NoThreads(busy=busy)  # type: ignore[assignment]
    scope.headers.append(("host", "localhost"))
    asyncio.run(gateway.__rsgi__(scope, wire))
    return wire.given


@pytest.fixture(autouse=True)
def _in_a_loop(monkeypatch) -> None:
    # Django refuses the database inside of a running loop; the gateway itself uses threads.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def test_a_body_reaches_django() -> None:
    sent = FakeHeaders([("content-type", "application/json"), ("content-length", "22")])
    status, headers, body = call(FakeScope(sent, method="POST", path="/v1.1/echo"), b'{"customer"', b': {"a": 1}}')
    assert (status, body) == (200, b'{"response":{"item":[{"a":"1"}]}}')
    assert headers["X-Cap-Requestid"]


def test_a_body_that_breaks_off_is_400(monkeypatch) -> None:
    sent = FakeHeaders([("content-type", "application/json"), ("content-length", "22")])

    class Gone(Wire):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise ConnectionResetError

    monkeypatch.setattr(Wire, "__aiter__", Gone.__aiter__)
    status, _, body = call(FakeScope(sent, method="POST", path="/v1.1/echo"))
    assert (status, b'"code":400' in body) == (400, True)


def test_a_static_file_is_left_to_the_server() -> None:
    status, headers, file = call(FakeScope(path="/static/back_office/mark.svg"))
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
    assert str(file).endswith("back_office/mark.svg")


def test_a_part_of_a_file_is_sent_as_bytes() -> None:
    status, _, body = call(FakeScope(FakeHeaders([("range", "bytes=0-3")]), path="/static/back_office/mark.svg"))
    assert (status, body) == (206, b"<svg")


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        ("/v1.1/echo", b'{"response":{"status":{"success":"false","code":503,'),
        ("/v1.1/echo.xml", b"<?xml"),
        ("/v3/oauth/token/generate", b'{"data":null,"errors":[{"code":503,'),
        ("/admin/login/", b"\n"),
    ],
)
def test_strangers_of_a_busy_server_are_503_in_the_form_of_the_address(path: str, begins: bytes) -> None:
    status, headers, body = call(FakeScope(path=path), busy=True)
    assert (status, headers["Retry-After"]) == (503, "2")
    assert body.startswith(begins) or b"<!DOCTYPE html>" in body[:20]


@pytest.mark.urls("loyalty_project.urls")
def test_a_busy_server_answers_its_probes() -> None:
    assert call(FakeScope(path="/healthz"), busy=True)[0] == 200


def test_an_error_that_django_does_not_handle_is_500(monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(module, "django_application", fail)
    assert call(FakeScope(path="/healthz"))[0] == 500


@pytest.mark.parametrize("has_ticket", [True, False])
def test_a_page_with_a_ticket_takes_larger_bodies(monkeypatch: pytest.MonkeyPatch, *, has_ticket: bool) -> None:
    limits = []
    receive = module.receive_body

    async def note_limit(chunks: Any, *, most: int) -> Any:
        limits.append(most)
        return await receive(chunks, most=most)

    monkeypatch.setattr(module, "receive_body", note_limit)
    sent = FakeHeaders([("content-type", "application/json"), ("content-length", "2")])
    query = f"ticket={make_ticket()}" if has_ticket else "ticket=mine"
    call(FakeScope(sent, method="POST", path="/v1.1/echo", query_string=query), b"{}")
    assert limits == [MAX_UPLOAD_BYTES if has_ticket else MAX_BODY_BYTES]
