"""Short-lived tokens of API clients: issued for key and secret, verified at every call (docs/protocol.md 1.8)."""

import re
from hashlib import sha256
from typing import Any
from uuid import uuid4

import jwt
from django.conf import settings

from loyalty_project import clock
from organizations.credentials.hashing import verify_secret
from organizations.credentials.lookup import FoundClient, find_client
from organizations.credentials.models import ApiClient
from organizations.credentials.token_keys import key_ring
from organizations.credentials.verification_cache import refuse_credential, verify_cached

ALGORITHM = "RS256"
ISSUER = "regulars"
TOKEN_USE = "token_access"  # noqa: S105 - the name of a use, no secret
_CLAIMS = ["iss", "sub", "exp", "iat", "jti", "client_id", "org_id", "token_use", "secret_version"]
_LONGEST = 4096
# Anything printable: keys are chosen by the organization. Other text cannot be a key, since a column cannot hold it.
_KEY = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,100}")


def client_of_secret(key: str, secret: str, *, address: str) -> FoundClient | None:
    """The API client with this `key`, if `secret` is right; else None, as during a delay. `address` is the caller's.

    Raises `VerificationUnavailableError` if too many secrets wait to be checked.
    """
    if not _KEY.fullmatch(key) or not _is_text(secret):
        return None
    name = f"client:{key}"
    client = find_client(key)
    if client is None:
        refuse_credential(secret, address=address)
        return None
    good = verify_cached(name, stored_hash=client.secret_hash, secret=secret, address=address, verify=verify_secret)
    return client if good else None


def issue_token(client: ApiClient | FoundClient) -> str:
    """A signed token that lets its bearer call as `client` for `client.token_ttl` seconds."""
    key = key_ring(settings.TOKEN_KEYS_DIR).signing_key()
    issued_at = int(clock.now().timestamp())
    claims = {
        "iss": ISSUER,
        "sub": client.key,
        "exp": issued_at + client.token_ttl,
        "iat": issued_at,
        "jti": str(uuid4()),
        "client_id": client.key,
        "org_id": client.organization_id,
        "token_use": TOKEN_USE,
        "secret_version": _secret_version(client),
    }
    return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})


def client_of_token(token: str) -> FoundClient | None:
    """The API client of a token, read now; None if the token is invalid or expired, or its client may not call.

    A token ends early if its client or the client's till is switched off, its signing key is deleted, or the secret changes.
    """
    claims = _verified_claims(token)
    if claims is None or not _KEY.fullmatch(claims["sub"]):
        return None
    client = find_client(claims["sub"])
    if client is None or claims["org_id"] != client.organization_id or claims["secret_version"] != _secret_version(client):
        return None
    return client


def _verified_claims(token: str) -> dict[str, Any] | None:
    if len(token) > _LONGEST:
        return None
    try:
        head = jwt.get_unverified_header(token)
        key = key_ring(settings.TOKEN_KEYS_DIR).verifying_key(str(head.get("kid", "")))
        if key is None:
            return None
        # The algorithm is not taken from the token. Servers whose clocks differ a little accept each other's fresh tokens.
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[ALGORITHM], issuer=ISSUER, options={"require": _CLAIMS, "verify_iat": False}
        )
    except (jwt.InvalidTokenError, UnicodeError, RecursionError):
        return None
    return claims if claims["token_use"] == TOKEN_USE else None


def _secret_version(client: ApiClient | FoundClient) -> str:
    return sha256(client.secret_hash.encode()).hexdigest()[:16]


def _is_text(secret: str) -> bool:
    return "\0" not in secret and not re.search("[\ud800-\udfff]", secret)
