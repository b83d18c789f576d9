"""Hashes of the secrets of tills and API clients: Argon2id, so that nothing in the tables can be sent as a credential.

A till sends the MD5 or the SHA-256 hex digest of its password (docs/protocol.md 1.8), so each of the two digests is
hashed in lower case. An API client sends its secret as it is.
"""

import hashlib
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from django.conf import settings

from organizations.credentials.lookup import FoundTill
from organizations.credentials.models import ApiClient
from organizations.locations.models import Till

SHA256_DIGITS: Final = 64
PASSWORD_COLUMNS: Final = ("password_hash", "password_hash_sha256")


def password_digest(password: str) -> str:
    """MD5 of the password's UTF-8 bytes in lower-case hex: what most tills send."""
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


def sha256_digest(password: str) -> str:
    """SHA-256 of the password's UTF-8 bytes in lower-case hex: what other tills send."""
    return hashlib.sha256(password.encode()).hexdigest()


def hash_secret(secret: str) -> str:
    """Argon2id of `secret` with a fresh salt, in the PHC text form; costs ARGON2_TIME_COST passes over ARGON2_MEMORY_KIB."""
    return _hasher(settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_KIB).hash(secret)


def verify_secret(stored_hash: str, secret: str) -> bool:
    """True if `stored_hash` was made from `secret`. Slow on purpose. A blank or damaged hash never matches."""
    try:
        # The cost of checking is written in the hash, not taken from the settings.
        return _hasher(settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_KIB).verify(stored_hash, secret)
    except (VerificationError, InvalidHashError):
        return False


def verify_digest(stored_hash: str, digest: str) -> bool:
    """True if a till's `stored_hash` was made from `digest`, which is hex in either case."""
    return verify_secret(stored_hash, digest.lower())


def digest_hash(till: Till | FoundTill, digest: str) -> str:
    """The till's stored hash for `digest`: SHA-256 or MD5, by its length."""
    return till.password_hash_sha256 if len(digest) == SHA256_DIGITS else till.password_hash


def is_till_password(till: Till, password: str) -> bool:
    """True if both of the till's hashes were made from this password; False if it has only the MD5 one."""
    digests = (password_digest(password), sha256_digest(password))
    return all(verify_digest(digest_hash(till, digest), digest) for digest in digests)


def set_till_password(till: Till, password: str) -> None:
    """Set the till's password. The caller saves `PASSWORD_COLUMNS`; the old password is refused from then on."""
    till.password_hash = hash_secret(password_digest(password))
    till.password_hash_sha256 = hash_secret(sha256_digest(password))


def set_client_secret(client: ApiClient, secret: str) -> None:
    """Set the API client's secret. The caller saves the row; tokens issued for the old secret end then."""
    client.secret_hash = hash_secret(secret)


@lru_cache(maxsize=4)
def _hasher(time_cost: int, memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
