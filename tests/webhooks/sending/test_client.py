"""The HTTP client of deliveries, against real servers on this machine."""

import asyncio
import socket
import ssl
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.webhooks.receivers import Received, Receiver, receiving
from webhooks.sending import client
from webhooks.sending.addresses import Policy
from webhooks.sending.client import Outcome, open_pool, post

LENIENT = Policy(allow_http=True, allow_private=True)
PUBLIC = "93.184.216.34"


def send(url: str, *, count: int = 1, policy: Policy = LENIENT) -> list[Outcome]:
    """Post the same body `count` times, one after the other, by one pool."""

    async def run() -> list[Outcome]:
        async with open_pool(policy, connections=2) as pool:
            return [await post(pool, url, headers={"webhook-id": "7"}, body=b'{"a": 1}') for _ in range(count)]

    return asyncio.run(run())


def ends(url: str, **options: Any) -> tuple[int | None, str]:
    (outcome,) = send(url, **options)
    return outcome.status, outcome.error


def make_certificate(host: str, folder: Path) -> Path:
    """A file with a key and a certificate of this host, by which it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False).sign(key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    path = folder / f"{host}.pem"
    path.write_bytes(pem)
    return path


def resolve_to(monkeypatch: pytest.MonkeyPatch, addresses: Sequence[str]) -> list[str]:
    """Every name has these addresses; the names that were looked up."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(client.socket, "getaddrinfo", look_up)
    return asked


def test_the_body_arrives_with_its_headers() -> None:
    with receiving() as receiver:
        (outcome,) = send(receiver.url)
    assert (outcome.status, outcome.error, outcome.is_success) == (200, "", True)
    (request,) = receiver.requests
    assert (request.path, request.body, request.uid) == ("/events", b'{"a": 1}', "7")
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("status", "error"), [(200, ""), (204, ""), (299, ""), (400, "status"), (404, "status"), (500, "status"), (503, "status")]
)
def test_any_2xx_is_a_success(status: int, error: str) -> None:
    def answer(_request: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("content-length", "0")
        handler.end_headers()

    with receiving(Receiver(answer)) as receiver:
        assert ends(receiver.url) == (status, error)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with receiving(Receiver(lambda _request, _handler: status)) as receiver:
        assert ends(receiver.url) == (status, "redirect")
    assert len(receiver.requests) == 1


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert ends(receiver.url) == (200, "")
    assert (len(proxy.requests), len(receiver.requests)) == (0, 1)


def test_one_connection_serves_several_deliveries() -> None:
    ports: set[int] = set()

    def answer(_request: Received, handler: BaseHTTPRequestHandler) -> int:
        ports.add(handler.client_address[1])
        return 200

    with receiving(Receiver(answer)) as receiver:
        assert [outcome.status for outcome in send(receiver.url, count=3)] == [200, 200, 200]
    assert len(ports) == 1


def test_a_long_answer_is_left_unread() -> None:
    sent = 0

    def answer(_request: Received, handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("content-length", str(1 << 34))
        handler.end_headers()
        for _ in range(10_000):
            sent += handler.wfile.write(b"x" * 65_536)

    with receiving(Receiver(answer)) as receiver:
        (outcome,) = send(receiver.url)
    assert outcome.is_success
    assert sent < 50_000_000


def test_a_slow_answer_counts_by_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.2)

    def answer(_request: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "10")
        handler.end_headers()
        time.sleep(1)

    with receiving(Receiver(answer)) as receiver:
        (outcome,) = send(receiver.url)
    assert outcome.is_success
    assert outcome.milliseconds < 900


def test_an_endpoint_that_is_silent_or_drips_runs_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TOTAL_SECONDS", 0.5)

    def drip(_request: Received, handler: BaseHTTPRequestHandler) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nx-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaa":
            handler.wfile.write(bytes([letter]))
            time.sleep(0.05)

    with receiving(Receiver(drip)) as dripping:
        (outcome,) = send(dripping.url)
    assert (outcome.status, outcome.error) == (None, "timeout")
    assert 400 < outcome.milliseconds < 2_000


def test_what_is_not_http_is_a_problem_of_the_endpoint() -> None:
    def answer(_request: Received, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        handler.close_connection = True

    with receiving(Receiver(answer)) as receiver:
        assert ends(receiver.url) == (None, "no http")


def test_a_closed_port_is_no_connection() -> None:
    with receiving() as receiver:
        url = receiver.url
    assert ends(url) == (None, "connection")


def test_tls_with_a_server_that_has_none_fails() -> None:
    with receiving() as receiver:
        assert ends(receiver.url.replace("http://", "https://")) == (None, "tls")
    assert receiver.requests == []


def test_an_unknown_host_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(client.socket, "getaddrinfo", unknown)
    assert ends("http://nowhere.invalid/x") == (None, "unknown host")


def test_private_addresses_get_no_connection() -> None:
    with receiving() as receiver:
        assert ends(receiver.url, policy=Policy(allow_http=True)) == (None, "forbidden address")
    assert receiver.requests == []


def test_a_name_of_private_addresses_gets_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve_to(monkeypatch, ["127.0.0.1", "10.0.0.8"])
    with receiving() as receiver:
        url = f"http://rebound.example:{receiver.port}/"
        assert ends(url, policy=Policy(allow_http=True)) == (None, "forbidden address")
    assert receiver.requests == []
    assert asked == ["rebound.example"]


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolve_to(monkeypatch, ["127.0.0.1"])
    with receiving() as receiver:
        url = f"http://hooks.example:{receiver.port}/"
        assert ends(url) == (200, "")
    assert asked == ["hooks.example"]
    assert receiver.requests[0].headers["host"] == f"hooks.example:{receiver.port}"


def test_a_name_that_changes_its_address_is_connected_as_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public when it is checked, and this machine's a moment later."""
    answers = [["10.0.0.8", PUBLIC], ["127.0.0.1"]]
    connected: list[str] = []

    def look_up(*_: Any, **__: Any) -> list[Any]:
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    async def connect(_backend: httpcore.AnyIOBackend, host: str, *_: Any, **__: Any) -> None:
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(client.socket, "getaddrinfo", look_up)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    assert ends("http://rebound.example/", policy=Policy(allow_http=True)) == (None, "connection")
    assert connected == [PUBLIC]
    # The next connection asks again, and finds what is forbidden.
    assert ends("http://rebound.example/", policy=Policy(allow_http=True)) == (None, "forbidden address")
    assert connected == [PUBLIC]


@pytest.mark.parametrize(("host", "end"), [("hooks.example", (200, "")), ("other.example", (None, "tls"))])
def test_the_certificate_is_that_of_the_name(
    host: str, end: tuple[int | None, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The connection goes to an address, but TLS checks the name."""
    trusted, server = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = make_certificate("hooks.example", tmp_path)
    server.load_cert_chain(certificate)
    trusted.load_verify_locations(certificate)
    monkeypatch.setattr(client, "_tls", lambda: trusted)
    resolve_to(monkeypatch, ["127.0.0.1"])
    with receiving(tls=server) as receiver:
        assert ends(f"https://{host}:{receiver.port}/") == end
    assert len(receiver.requests) == (end == (200, ""))


def test_a_certificate_that_nobody_vouches_for_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(make_certificate("hooks.example", tmp_path))
    resolve_to(monkeypatch, ["127.0.0.1"])
    with receiving(tls=server) as receiver:
        assert ends(f"https://hooks.example:{receiver.port}/") == (None, "tls")
    assert receiver.requests == []


def test_a_name_with_a_dead_address_is_reached_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    with receiving() as receiver:
        assert ends(f"http://hooks.example:{receiver.port}/") == (200, "")
