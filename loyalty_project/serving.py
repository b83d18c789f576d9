"""How does granian serve the application? Its command line, the numbers in it, and whether an address is free and answers."""

import errno
import http.client
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

# More processes than this want a look at the machine and at the database's max_connections first.
MOST_WORKERS = 8
# A thread holds one connection to the database and mostly waits for it; beyond a few, threads only wait for each other.
THREADS = 4
# As long as a connection may live (CONN_MAX_AGE): a thread that ends takes its connection with it.
THREAD_IDLE_SECONDS = 600
# What is being answered when the server is told to stop has that long. (A worker that is just starting hears nothing.)
STOP_SECONDS = 30
PAUSE = 0.05


class AddressUnusableError(Exception):
    """Nothing can be served at this address; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def reached_at(self) -> str:
        """The host under which this machine reaches it: listening everywhere includes the loopback."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound

    @property
    def url(self) -> str:
        """The root as a browser on this machine writes it, without a slash at the end."""
        host = self.reached_at
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def usual_workers() -> int:
    """One process for each processor that this process may use, 8 at most."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(available or 1, MOST_WORKERS)


def granian_command(
    address: Address, *, workers: int, threads: int, stop_seconds: int = STOP_SECONDS, quiet: bool = False
) -> list[str]:
    """The command that serves `loyalty_project.wsgi` at `address` until SIGINT or SIGTERM.

    Then it ends what it is answering, within `stop_seconds`. `threads` are those of each worker that run Python. Nothing is
    logged about single requests. `quiet` leaves out what granian says about its own start and end.
    """
    return [
        *[sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--http", "1"],
        *["--host", address.host, "--port", str(address.port)],
        *["--workers", str(workers), "--respawn-failed-workers", "--workers-kill-timeout", str(stop_seconds)],
        *["--blocking-threads", str(threads), "--blocking-threads-idle-timeout", str(THREAD_IDLE_SECONDS)],
        *["--no-access-log", "--log-level", "error" if quiet else "info"],
        "loyalty_project.wsgi:application",
    ]


def check_address(address: Address) -> None:
    """Raise AddressUnusableError if nothing can listen there now: the port is taken, forbidden, or the host is not this one.

    Granian shares a port with whoever shares it too, so that a second server would take half of the first one's calls.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # Without it, the connections that the last server has just closed would count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {address.port} is in use by another program: stop that one, or choose another with --port."
        else:
            reason = f"Cannot listen at {address.host} port {address.port}: {error.strerror}."
        raise AddressUnusableError(reason) from error


def wait_until_answered(address: Address, path: str, *, seconds: float, is_alive: Callable[[], bool]) -> bool:
    """Whether `path` is answered with 200 within `seconds`, while `is_alive` says that there is hope."""
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
