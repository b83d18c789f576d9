"""Addresses that may be called: whole URLs as staff enter them, and IP addresses at the moment of a connection. Pure."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

import idna

LONGEST_URL: Final = 500
# All that is assigned to hosts; what else Python takes for global, such as the former site-local addresses, is not.
_UNICAST: Final = IPv6Network("2000::/3")
# Addresses of IPv4 hosts inside of IPv6: a translator, or a tunnel, would call the host.
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")
_PRINTABLE: Final = frozenset(map(chr, range(0x21, 0x7F)))
_PORTS: Final = {"https": 443, "http": 80}


class AddressError(ValueError):
    """The URL cannot be an endpoint's. The text is the reason, for users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the installation allows besides public HTTPS addresses (docs/operating.md, Settings)."""

    allow_http: bool = False
    allow_private: bool = False


def check_url(text: str, policy: Policy) -> str:
    """The URL of an endpoint, with its host in lower-case ASCII. Raises `AddressError`."""
    if len(text) > LONGEST_URL:
        raise AddressError(f"It is longer than {LONGEST_URL} characters.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressError("It is not a web address.") from error
    if parts.scheme not in _PORTS or not host:
        raise AddressError("It is not a web address: write https://host/path.")
    if parts.scheme == "http" and not policy.allow_http:
        raise AddressError("It must begin with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressError("It may have no user name, no password and no #part.")
    name = _ascii_host(host, policy)
    after = text.split("://", 1)[1].partition("/")
    rest = after[1] + after[2]
    if not _PRINTABLE.issuperset(rest) or "?" in after[0]:
        raise AddressError("After the host write / and ASCII characters without blanks; encode others as %XX.")
    at_port = "" if port is None or port == _PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{name}{at_port}{rest or '/'}"


def _ascii_host(host: str, policy: Policy) -> str:
    """The host as it is looked up. A literal address that may not be called is refused here already."""
    try:
        address = ip_address(host)
    except ValueError:
        pass
    else:
        if not may_connect(host, policy):
            raise AddressError("It is an address of a private network.")
        return f"[{address}]" if address.version == 6 else str(address)
    try:
        name = idna.encode(host, uts46=True).decode()
    except idna.IDNAError as error:
        raise AddressError("Its host is not a host name.") from error
    if name.rpartition(".")[2].isdigit():
        raise AddressError("Its host is not a host name.")
    return name


def may_connect(text: str, policy: Policy) -> bool:
    """True if a connection to this IP address may be opened: a public unicast address, or `allow_private`.

    IPv4 addresses inside of IPv6 ones (mapped, translated, 6to4, Teredo) are judged as what they lead to.
    """
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return policy.allow_private or _is_public(address)
    inner = _ipv4_within(address)
    if inner:
        return all(policy.allow_private or _is_public(each) for each in inner)
    return policy.allow_private or (address in _UNICAST and _is_public(address))


def _ipv4_within(address: IPv6Address) -> list[IPv4Address]:
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if address in _TRANSLATED or address in _COMPATIBLE:
        return [IPv4Address(int(address) & 0xFFFF_FFFF)]
    return []


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback or address.is_link_local
    )
