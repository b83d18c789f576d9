"""Memory of credentials that were right lately. It decides only which callers wait, never which may call.

Threads that are kept for known callers go on answering tills when strangers send more than can be worked on. A credential is
remembered as a keyed digest, in this process alone.
"""

from collections import OrderedDict
from hashlib import blake2b
from secrets import token_bytes
from typing import Any, Final

from loyalty_project.gateway.environment import Headers

MOST_CALLERS: Final = 10_000
_CREDENTIALS: Final = (
    "authorization",
    "x-cap-api-oauth-token",
    "cap-api-access-token",
    "x-cap-api-access-token",
    "cookie",
)
_MARK: Final = "regulars.known_caller"


class KnownCallers:
    """The `most` credentials that were right most recently. Used by the event loop alone."""

    def __init__(self, most: int = MOST_CALLERS) -> None:
        self._most = most
        self._key = token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def entry_of(self, headers: Headers) -> bytes | None:
        """The entry of the request's credential; None if it has none."""
        credential = "\0".join(headers.get(name) or "" for name in _CREDENTIALS)
        if len(credential) < len(_CREDENTIALS):
            return None
        return blake2b(credential.encode(), key=self._key, digest_size=16).digest()

    def holds(self, entry: bytes | None) -> bool:
        """True if the credential was right lately."""
        return entry in self._known

    def learn(self, entry: bytes | None, *, is_right: bool) -> None:
        """Remember or forget a credential after its call."""
        if entry is None:
            return
        if not is_right:
            self._known.pop(entry, None)
            return
        self._known[entry] = None
        self._known.move_to_end(entry)
        if len(self._known) > self._most:
            self._known.popitem(last=False)


def mark_known(environment: dict[str, Any]) -> None:
    """Say of a request (its `META`) that its credential is right."""
    environment[_MARK] = True


def is_marked(environment: dict[str, Any]) -> bool:
    """True if the request was marked as one with a right credential."""
    return _MARK in environment
