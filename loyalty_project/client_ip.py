"""Network addresses of callers. Failed credentials are counted by address, so a caller must not be able to choose it."""

from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from structlog import get_logger

# The address of callers over a local socket, which have none.
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - no address is bound to
_IPV6_SITE = 64
# No address is longer, with the name of its interface.
_LONGEST = 100
log = get_logger(__name__)


def client_address(request: HttpRequest) -> str:
    """The caller's IP address in canonical form; for IPv6 the first address of its /64, the block of a single subscriber.

    With TRUSTED_PROXIES = n it is the n-th entry of X-Forwarded-For from the right, written by the outermost trusted proxy;
    entries left of it may be forged. Without proxies, or without a valid entry, it is the peer of the connection.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    return _canonical(_forwarded(request)) or _canonical(peer) or UNKNOWN_ADDRESS


def _forwarded(request: HttpRequest) -> str:
    header = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    hops = header.split(",")
    proxies = settings.TRUSTED_PROXIES
    if header and not proxies:
        _warn_once()
    return hops[-proxies].strip() if 0 < proxies <= len(hops) else ""


def _canonical(text: str) -> str:
    return _read(text) if len(text) <= _LONGEST else ""


@lru_cache(maxsize=10_000)
def _read(text: str) -> str:
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), _IPV6_SITE), strict=False).network_address)


@cache
def _warn_once() -> None:
    # Behind a proxy all callers would share one address, and the guesses of one would slow down all.
    log.warning("forwarded_address_ignored", hint="set TRUSTED_PROXIES if there is a proxy in front")
