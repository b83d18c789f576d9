"""Granian, the application server: its command line, its numbers, and checks of an address."""

import errno
import http.client
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

# The default is not higher, because the database's max_connections has to fit.
MOST_WORKERS = 8
# Time for the head of a request; also the time that a connection may be idle between two requests.
HEAD_MILLISECONDS = 20_000
# The server's buffer. A head that needs twice this much is refused with 431.
HEAD_BYTES = 32 * 1024
# Open connections of a worker. Further ones wait to be accepted.
CONNECTIONS = 400
# The time for open requests after a signal to stop. A worker that is starting does not receive the signal.
STOP_SECONDS = 30
PAUSE = 0.05


class AddressUnusableError(Exception):
    """The server cannot listen at this address; the message has the reason."""


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port to listen at."""

    host: str
    port: int

    @property
    def reached_at(self) -> str:
        """The host for connections from this machine; the loopback if the server listens at all addresses."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound

    @property
    def url(self) -> str:
        """The root URL for a browser on this machine, without a trailing slash."""
        host = self.reached_at
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def usual_workers() -> int:
    """The default number of worker processes: one for each usable processor, at most 8."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(available or 1, MOST_WORKERS)


def granian_command(address: Address, *, workers: int, stop_seconds: int = STOP_SECONDS, quiet: bool = False) -> list[str]:
    """The command that serves `loyalty_project.gateway` at `address` until SIGINT or SIGTERM.

    It then finishes open requests, within `stop_seconds`. The threads of each worker are the setting SERVER_THREADS. Requests
    are not logged. `quiet` silences granian's messages about its start and end.
    """
    return [
        *[sys.executable, "-m", "granian", "--interface", "rsgi", "--no-ws", "--http", "1"],
        *["--host", address.host, "--port", str(address.port)],
        *["--workers", str(workers), "--respawn-failed-workers", "--workers-kill-timeout", str(stop_seconds)],
        *["--http1-header-read-timeout", str(HEAD_MILLISECONDS), "--http1-buffer-size", str(HEAD_BYTES)],
        *["--backpressure", str(CONNECTIONS)],
        *["--no-access-log", "--log-level", "error" if quiet else "info"],
        "loyalty_project.gateway.application:application",
    ]


def check_address(address: Address) -> None:
    """Raise AddressUnusableError if the port is in use or forbidden, or the host is not an address of this machine.

    Granian itself would share the port with another granian: each would get half of the requests.
    """
    try:
        family, kind, protocol, _, socket_address = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # Otherwise connections that the last server has just closed would block the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(socket_address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {address.port} is in use by another program: stop that one, or choose another with --port."
        else:
            reason = f"Cannot listen at {address.host} port {address.port}: {error.strerror}."
        raise AddressUnusableError(reason) from error


def wait_until_answered(address: Address, path: str, *, seconds: float, is_alive: Callable[[], bool]) -> bool:
    """True once `path` is answered with 200; False after `seconds`, or when `is_alive` returns False."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds and is_alive():
        connection = http.client.HTTPConnection(address.reached_at, address.port, timeout=seconds)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.HTTPStatus.OK:
                return True
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(PAUSE)
    return False
