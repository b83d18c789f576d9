"""How does granian serve the application?"""

import http.server
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from loyalty_project.serving import (
    Address,
    AddressUnusableError,
    check_address,
    granian_command,
    usual_workers,
    wait_until_answered,
)


class Page(http.server.BaseHTTPRequestHandler):
    """/good/ is answered with 200, all else with 404."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/good/" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture
def served() -> Iterator[Address]:
    """The address of a running server."""
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Address("127.0.0.1", server.server_port)
        server.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - only written
        ("::", "http://[::1]:8000"),
    ],
)
def test_the_url_is_one_that_this_machine_can_open(host: str, url: str) -> None:
    assert Address(host, 8000).url == url


def test_a_free_address_passes() -> None:
    check_address(Address("127.0.0.1", free_port()))


def test_a_taken_port_is_named(served: Address) -> None:
    with pytest.raises(AddressUnusableError, match=f"Port {served.port} is in use by another program"):
        check_address(served)


def test_a_port_that_others_would_share_counts_as_taken() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(AddressUnusableError, match="in use"):
            check_address(Address("127.0.0.1", other.getsockname()[1]))


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    with pytest.raises(AddressUnusableError, match=f"Cannot listen at {host} port 8000: "):
        check_address(Address(host, 8000))


def test_waiting_ends_with_the_first_good_answer(served: Address) -> None:
    assert wait_until_answered(served, "/good/", seconds=10, is_alive=lambda: True)


def test_waiting_for_a_page_that_is_not_there_ends_in_time(served: Address) -> None:
    assert not wait_until_answered(served, "/bad/", seconds=0.2, is_alive=lambda: True)


def test_no_call_waits_for_a_dead_server() -> None:
    signs = iter([True, False])
    assert not wait_until_answered(Address("127.0.0.1", free_port()), "/", seconds=60, is_alive=lambda: next(signs))


def test_there_is_a_worker_for_each_processor_within_reason() -> None:
    assert usual_workers() == min(len(os.sched_getaffinity(0)), 8)


def test_single_requests_are_not_logged_and_quiet_is_quieter() -> None:
    command = granian_command(Address("127.0.0.1", 8123), workers=3)
    assert "--no-access-log" in command
    assert command[command.index("--workers") + 1] == "3"
    assert command[command.index("--log-level") + 1] == "info"
    quiet = granian_command(Address("127.0.0.1", 8123), workers=3, quiet=True)
    assert quiet[quiet.index("--log-level") + 1] == "error"
