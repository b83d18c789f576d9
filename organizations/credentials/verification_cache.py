"""Did the caller show the right secret? Answered from memory for secrets that were proved before, else by the slow hash.

A proof in memory is an HMAC, under a key that only this process knows, over the credential, its stored hash and the secret. A
changed password changes the stored hash, so its old proofs fit nothing. The table's row is the caller's to read: proofs say
nothing about a till being switched on.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_bytes
from threading import Lock

from django.db import OperationalError

from loyalty_project import clock
from loyalty_project.db.errors import sqlstate
from organizations.credentials.throttling import count_failure, counted_attempt

MOST_PROOFS = 10_000
PROOF_LIFETIME = timedelta(hours=12)
LONGEST_WAIT = 10.0
_LOCK_NOT_AVAILABLE = "55P03"


class ProofUnavailableError(Exception):
    """Too many secrets wait to be checked; nothing is known about this one."""


class ProofCache:
    """Positive proofs, the most recently used `most` of them, each for `lifetime` from the moment it was made."""

    def __init__(self, *, most: int = MOST_PROOFS, lifetime: timedelta = PROOF_LIFETIME) -> None:
        self._most = most
        self._lifetime = lifetime.total_seconds()
        self._key = token_bytes(32)
        self._ends: OrderedDict[bytes, float] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, *, name: str, stored_hash: str, secret: str) -> None:
        """Remember that `secret` fits `stored_hash` of the credential `name`."""
        proof = self._proof(name, stored_hash, secret)
        with self._lock:
            self._ends[proof] = clock.now().timestamp() + self._lifetime
            self._ends.move_to_end(proof)
            while len(self._ends) > self._most:
                self._ends.popitem(last=False)

    def holds(self, *, name: str, stored_hash: str, secret: str) -> bool:
        """Whether that was remembered and has not run out."""
        proof = self._proof(name, stored_hash, secret)
        with self._lock:
            end = self._ends.get(proof)
            if end is None:
                return False
            if end <= clock.now().timestamp():
                del self._ends[proof]
                return False
            self._ends.move_to_end(proof)
            return True

    def clear(self) -> None:
        """Forget every proof."""
        with self._lock:
            self._ends.clear()

    def _proof(self, name: str, stored_hash: str, secret: str) -> bytes:
        # NUL occurs in none of the three, so no two triples make the same message.
        return hmac.digest(self._key, f"{name}\0{stored_hash}\0{secret}".encode(), "sha256")


proofs = ProofCache()
_slow_hash = Lock()


def proved(name: str, *, stored_hash: str, secret: str, address: str, verify: Callable[[str, str], bool]) -> bool:
    """Whether `secret` fits `stored_hash` by `verify`, the slow check, which is made only when no proof is in memory.

    `name` is the credential's (`till:CODE`, `client:KEY`), `secret` in its canonical form without NUL, `address` the caller's.
    False without any check while a delay after failures runs (organizations/credentials/throttling.py). Raises
    `ProofUnavailableError` when the turn for a slow check does not come within ten seconds.
    """
    if proofs.holds(name=name, stored_hash=stored_hash, secret=secret):
        return True
    try:
        with _turn():
            # Calls of one till that arrive together wait for one check and share its proof.
            if proofs.holds(name=name, stored_hash=stored_hash, secret=secret):
                return True
            with counted_attempt(name, address) as attempt:
                attempt.succeeded = attempt.admitted and verify(stored_hash, secret)
            if attempt.succeeded:
                proofs.add(name=name, stored_hash=stored_hash, secret=secret)
            return attempt.succeeded
    except OperationalError as error:
        if sqlstate(error) == _LOCK_NOT_AVAILABLE:
            raise ProofUnavailableError from error
        raise


def disproved(name: str, *, address: str) -> bool:
    """Refuse a credential that does not exist, cannot log in or is switched off: False, counted, without a slow check.

    An unknown name is therefore answered sooner than a wrong password, and tells a guesser which names exist. Till names are no
    secrets, and hashing for every invented name would let anybody keep the slow check busy and the shops out.
    """
    count_failure(name, address)
    return False


@contextmanager
def _turn() -> Iterator[None]:
    # One slow check at a time leaves a processor for the calls that need none.
    if not _slow_hash.acquire(timeout=LONGEST_WAIT):
        raise ProofUnavailableError
    try:
        yield
    finally:
        _slow_hash.release()
