"""Verification of secrets: from memory for secrets that were verified before, else by the slow hash.

An entry of the cache is an HMAC, under a key that only this process knows, over the credential, its stored hash and the
secret. A changed password changes the stored hash, so old entries no longer match. The cache does not know whether a till is
switched on: callers read its row at every call.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from secrets import token_bytes, token_hex
from threading import BoundedSemaphore, Lock

from django.conf import settings
from django.db import OperationalError

from loyalty_project import clock
from loyalty_project.db.errors import sqlstate
from organizations.credentials.failed_attempts import UNKNOWN_NAME, counted_attempt
from organizations.credentials.hashing import hash_secret, verify_secret

MAX_ENTRIES = 10_000
ENTRY_LIFETIME = timedelta(hours=12)
LONGEST_WAIT = 10.0
# Checks of a process that run or wait. Each that waits occupies a thread.
MOST_WAITING = 16
_LOCK_NOT_AVAILABLE = "55P03"


class VerificationUnavailableError(Exception):
    """Too many secrets wait to be verified; this one was not."""


class VerificationCache:
    """Successful verifications: the `max_entries` most recently used ones, each for `lifetime` from when it was made."""

    def __init__(self, *, max_entries: int = MAX_ENTRIES, lifetime: timedelta = ENTRY_LIFETIME) -> None:
        self._max_entries = max_entries
        self._lifetime = lifetime.total_seconds()
        self._key = token_bytes(32)
        self._ends: OrderedDict[bytes, float] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, *, name: str, stored_hash: str, secret: str) -> None:
        """Remember that `secret` matches `stored_hash` of the credential `name`."""
        entry = self._entry(name, stored_hash, secret)
        with self._lock:
            self._ends[entry] = clock.now().timestamp() + self._lifetime
            self._ends.move_to_end(entry)
            while len(self._ends) > self._max_entries:
                self._ends.popitem(last=False)

    def holds(self, *, name: str, stored_hash: str, secret: str) -> bool:
        """True if that was remembered and has not expired."""
        entry = self._entry(name, stored_hash, secret)
        with self._lock:
            end = self._ends.get(entry)
            if end is None:
                return False
            if end <= clock.now().timestamp():
                del self._ends[entry]
                return False
            self._ends.move_to_end(entry)
            return True

    def clear(self) -> None:
        """Forget every entry."""
        with self._lock:
            self._ends.clear()

    def _entry(self, name: str, stored_hash: str, secret: str) -> bytes:
        # NUL occurs in none of the three, so no two triples make the same message.
        return hmac.digest(self._key, f"{name}\0{stored_hash}\0{secret}".encode(), "sha256")


verified_secrets = VerificationCache()
_slow_hash = Lock()
_waiting = BoundedSemaphore(MOST_WAITING)


def verify_cached(name: str, *, stored_hash: str, secret: str, address: str, verify: Callable[[str, str], bool]) -> bool:
    """True if `secret` matches `stored_hash` by `verify`, the slow check. It is skipped for secrets in memory.

    `name` is the credential's (`till:CODE`, `client:KEY`), `secret` in its canonical form without NUL, `address` the caller's.
    False without any check during a delay after failures (organizations/credentials/failed_attempts.py). Raises
    `VerificationUnavailableError` if the wait for a slow check exceeds ten seconds, or too many wait.
    """
    if verified_secrets.holds(name=name, stored_hash=stored_hash, secret=secret):
        return True
    with _turn(), _unavailable_if_locked():
        # Calls of one till that arrive together wait for one check and share its result.
        if verified_secrets.holds(name=name, stored_hash=stored_hash, secret=secret):
            return True
        with counted_attempt(name, address) as attempt:
            attempt.succeeded = attempt.admitted and verify(stored_hash, secret)
        if attempt.succeeded:
            verified_secrets.add(name=name, stored_hash=stored_hash, secret=secret)
        return attempt.succeeded


def refuse_credential(secret: str, *, address: str) -> None:
    """Refuse a credential that does not exist, cannot log in or is switched off, in the time of a slow check.

    All such names share the count of their address. Beyond its limit they are refused without the check, so that invented
    names do not keep it busy. Raises `VerificationUnavailableError` as `verify_cached` does.
    """
    with _turn(), _unavailable_if_locked(), counted_attempt(UNKNOWN_NAME, address) as attempt:
        if attempt.admitted:
            verify_secret(_decoy(settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_KIB), secret)


@lru_cache(maxsize=1)
def _decoy(_time_cost: int, _memory_kib: int) -> str:
    """A stored hash that no secret has."""
    return hash_secret(token_hex())


@contextmanager
def _turn() -> Iterator[None]:
    # One slow check at a time bounds the memory, and leaves a processor for the calls that need none.
    if not _waiting.acquire(blocking=False):
        raise VerificationUnavailableError
    try:
        if not _slow_hash.acquire(timeout=LONGEST_WAIT):
            raise VerificationUnavailableError
        try:
            yield
        finally:
            _slow_hash.release()
    finally:
        _waiting.release()


@contextmanager
def _unavailable_if_locked() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if sqlstate(error) == _LOCK_NOT_AVAILABLE:
            raise VerificationUnavailableError from error
        raise
