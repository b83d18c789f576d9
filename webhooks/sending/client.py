"""The HTTP client of deliveries: no redirects, no proxies, no cookies, and no connection to a forbidden address.

The name is looked up once for each connection, and the connection is made to the address that was checked. TLS still checks the
certificate of the name. The whole request has a time limit; of an answer only the status counts, and little else is read.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpcore

from webhooks.sending.addresses import Policy, may_connect

TOTAL_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 5.0
# An answer that ends within these limits leaves the connection for the next delivery.
MOST_ANSWER_BYTES: Final = 16_384
ANSWER_SECONDS: Final = 1.0
# Addresses of a name that are tried.
MOST_ADDRESSES: Final = 3
# Threads of their own: names of slow servers keep nothing else waiting.
_LOOK_UPS: Final = ThreadPoolExecutor(max_workers=64, thread_name_prefix="webhook-names")


class ForbiddenAddressError(Exception):
    """All addresses of the host are forbidden: private, loopback, link-local and the like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a request ended: HTTP status, None without an answer; the error in a word, "" for a success; its time."""

    status: int | None
    error: str
    milliseconds: int

    @property
    def is_success(self) -> bool:
        """True if the receiver has taken the event: any 2xx."""
        return not self.error


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connections to addresses that the policy allows."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first allowed address that answers. Raises `ForbiddenAddressError`, or the last error of httpcore."""
        allowed = [address for address in await _look_up(host, port) if may_connect(address, self._policy)]
        if not allowed:
            raise ForbiddenAddressError
        *others, last = allowed[:MOST_ADDRESSES]
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


async def _look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, each once. Raises `socket.gaierror`."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_LOOK_UPS, _addresses, host, port)
    return list(dict.fromkeys(found))


def _addresses(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def open_pool(policy: Policy, *, connections: int) -> httpcore.AsyncConnectionPool:
    """Connections for the deliveries of one endpoint, kept open while its job runs."""
    return httpcore.AsyncConnectionPool(
        ssl_context=_tls(),
        max_connections=connections,
        http1=True,
        http2=False,
        retries=0,
        network_backend=CheckedBackend(policy),
    )


@cache
def _tls() -> ssl.SSLContext:
    return httpcore.default_ssl_context()


async def post(pool: httpcore.AsyncConnectionPool, url: str, *, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Post a body; never raises for what the network or the receiver does."""
    begun = time.monotonic()
    status, error = await _post(pool, url, headers, body)
    return Outcome(status=status, error=error, milliseconds=round(1000 * (time.monotonic() - begun)))


async def _post(
    pool: httpcore.AsyncConnectionPool, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int | None, str]:
    sent = [*headers.items(), ("content-length", str(len(body)))]
    limits = {"timeout": {"connect": CONNECT_SECONDS, "pool": TOTAL_SECONDS}}
    status: int | None = None
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            async with pool.stream("POST", url, headers=sent, content=body, extensions=limits) as response:
                status = response.status
                await _read_some(response)
    except ForbiddenAddressError:
        return None, "forbidden address"
    except socket.gaierror:
        return None, "unknown host"
    except (TimeoutError, httpcore.TimeoutException):
        return (status, _error_of(status)) if status is not None else (None, "timeout")
    except ssl.SSLError:
        return None, "tls"
    except (OSError, httpcore.NetworkError) as error:
        return None, "tls" if isinstance(error.__context__, ssl.SSLError) else "connection"
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        return (status, _error_of(status)) if status is not None else (None, "no http")
    return status, _error_of(status)


async def _read_some(response: httpcore.Response) -> None:
    """Read a short answer to its end; leave a long or slow one."""
    count = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS):
            async for chunk in response.aiter_stream():
                count += len(chunk)
                if count > MOST_ANSWER_BYTES:
                    return


def _error_of(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirect" if 300 <= status < 400 else "status"
