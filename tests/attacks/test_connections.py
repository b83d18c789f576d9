"""Hostile connections to a running server: tills and health checks are answered meanwhile."""

import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from pytest_django import DjangoDbBlocker

from loyalty_project.gateway.bodies import GRACE_SECONDS
from loyalty_project.gateway.connections import STALLED_MILLISECONDS
from loyalty_project.serving import HEAD_MILLISECONDS
from organizations.locations.models import Till
from tests.factories.locations import TILL_PASSWORD
from tests.killing import RemoteApi, Served, served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
FULL = os.environ.get("REGULARS_PROOFS") == "full"
# The number that blocked every thread of two processes, and one that is well above all threads.
ATTACKERS = 200 if FULL else 24
TOKENS = "/v3/oauth/token/generate"
FONT = "/static/unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2"
SECONDS = 3.0
LONGEST_HEAD = 64 * 1024


@pytest.fixture(scope="module")
def running(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Served]:
    """One server for all attacks: it has to survive them."""
    with django_db_blocker.unblock(), served() as server:
        yield server


@pytest.fixture
def server(running: Served, till: Till) -> Served:
    """The server, which knows the till already."""
    assert RemoteApi(till, address=running.address).get("mobile=9812399999").http.status_code == 200
    return running


def connect(server: Served, sent: bytes, *, receive_buffer: int = 0) -> socket.socket:
    connected = socket.socket()
    if receive_buffer:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connected.settimeout(60)
    connected.connect((server.address.host, server.address.port))
    connected.sendall(sent)
    return connected


def head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def seconds_of(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def status_of(server: Served, path: str) -> int:
    with closing(http.client.HTTPConnection(server.address.host, server.address.port, timeout=30)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def answered_meanwhile(server: Served, till: Till) -> None:
    """Health checks and a till's call are answered at once."""
    api = RemoteApi(till, address=server.address)
    for _ in range(3):
        assert seconds_of(lambda: status_of(server, "/healthz")) < SECONDS
        assert seconds_of(lambda: api.get("mobile=9812399999")) < SECONDS
    assert status_of(server, "/healthz") == 200
    assert api.get("mobile=9812399999").http.status_code == 200


@contextmanager
def attackers(server: Served, *parts: bytes, receive_buffer: int = 0) -> Iterator[list[socket.socket]]:
    """Connections that have sent one of `parts` each, in turn."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(connect(server, parts[number % len(parts)], receive_buffer=receive_buffer)))
            for number in range(ATTACKERS)
        ]


def test_bodies_that_do_not_arrive_block_nobody(server: Served, till: Till) -> None:
    announced = head("POST", TOKENS, "Content-Type: application/json", "Content-Length: 400") + b"{"
    chunked = head("POST", "/v1.1/customer/add", "Transfer-Encoding: chunked") + b"1\r\n{\r\n"
    form = head("POST", "/admin/login/", "Content-Length: 4000", "Content-Type: application/x-www-form-urlencoded") + b"a"
    with attackers(server, announced, chunked, form) as slow:
        answered_meanwhile(server, till)
        if FULL:
            # 400 in the API's own words, then the connection is closed.
            slow[0].settimeout(GRACE_SECONDS + 15)
            assert slow[0].recv(1000).startswith(b"HTTP/1.1 400 ")
            assert slow[0].recv(1000) in {b"", slow[0].recv(1000)}


def test_heads_that_do_not_arrive_block_nobody(server: Served, till: Till) -> None:
    with attackers(server, b"GET / HTTP/1.1\r\nHost: local", b"", b"\r\n") as slow:
        answered_meanwhile(server, till)
        if FULL:
            slow[0].settimeout(HEAD_MILLISECONDS / 1000 + 15)
            while slow[0].recv(1000):
                pass


def test_idle_connections_block_nobody_and_are_closed(server: Served, till: Till) -> None:
    with attackers(server, head("GET", "/healthz")) as idle:
        answered_meanwhile(server, till)
        if FULL:
            idle[0].settimeout(HEAD_MILLISECONDS / 1000 + 15)
            while idle[0].recv(1000):
                pass


def test_answers_that_are_not_taken_block_nobody(server: Served, till: Till) -> None:
    asked = head("GET", FONT) * 4
    with attackers(server, asked, receive_buffer=4096) as slow:
        answered_meanwhile(server, till)
        if FULL:
            time.sleep(2 * STALLED_MILLISECONDS / 1000 + 5)
            slow[0].settimeout(5)
            with pytest.raises(OSError):  # noqa: PT011 - reset, or the end before all was sent
                _take_all(slow[0])


def _take_all(connected: socket.socket) -> None:
    while connected.recv(65_536):
        pass
    raise ConnectionError("ended")


def test_strangers_who_log_in_do_not_make_a_known_till_wait(server: Served, till: Till) -> None:
    api = RemoteApi(till, address=server.address)
    quiet = sorted(seconds_of(lambda: api.get("mobile=9812399999")) for _ in range(15))[7]
    stop = threading.Event()

    def invent(number: int) -> None:
        attempt = 0
        while not stop.is_set():
            attempt += 1
            stranger = RemoteApi(Till(code=f"nobody{number}.{attempt}"), TILL_PASSWORD, server.address)
            try:
                assert stranger.get("mobile=1").http.status_code in {401, 503}
            except OSError:
                continue

    lanes = [threading.Thread(target=invent, args=[number]) for number in range(8)]
    for lane in lanes:
        lane.start()
    try:
        time.sleep(0.5)
        under_attack = sorted(seconds_of(lambda: api.get("mobile=9812399999")) for _ in range(15))[7]
    finally:
        stop.set()
        for lane in lanes:
            lane.join()
    assert under_attack < 20 * quiet + 0.25


@pytest.mark.parametrize("header", ["X-Long: {}", "Cookie: {}", "Authorization: Basic {}"])
def test_a_head_that_is_too_long_is_refused_at_once(server: Served, header: str) -> None:
    begun = time.monotonic()
    with closing(connect(server, head("GET", "/healthz", header.format("a" * LONGEST_HEAD)))) as connected:
        assert connected.recv(1000).split()[1] in {b"431", b"400"}
    assert time.monotonic() - begun < SECONDS


def test_a_head_of_many_headers_is_refused_at_once(server: Served, till: Till) -> None:
    many = head("GET", "/healthz", *(f"X-{number}: a" for number in range(20_000)))
    with closing(connect(server, b"")) as connected:
        try:
            connected.sendall(many)
            assert connected.recv(1000).split()[1] in {b"431", b"400"}
        except ConnectionError:
            pass
    answered_meanwhile(server, till)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET\r\n\r\n",
        b"\0" * 2000,
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(server: Served, till: Till, sent: bytes) -> None:
    with closing(connect(server, sent)) as connected:
        connected.shutdown(socket.SHUT_WR)
        try:
            answer = connected.recv(1000)
        except ConnectionError:
            answer = b""
    assert not answer or answer.split()[1] in {b"400", b"505"}
    answered_meanwhile(server, till)


def test_a_body_above_the_limit_is_413(server: Served, till: Till) -> None:
    api = RemoteApi(till, address=server.address)
    assert api.call("POST", "add", body="a" * (6 * 1024 * 1024)).http.status_code == 413


def test_clients_that_vanish_leave_the_server_alone(server: Served, till: Till) -> None:
    with attackers(server, head("POST", TOKENS, "Content-Length: 400") + b"{", head("GET", FONT), b"GET /"):
        pass
    answered_meanwhile(server, till)


def test_headers_with_underscores_are_not_those_of_proxies(server: Served) -> None:
    sent = head("GET", "/healthz", "X_Forwarded_For: 192.0.2.1", "Connection: close")
    with closing(connect(server, sent)) as connected:
        assert connected.recv(1000).startswith(b"HTTP/1.1 200 ")
