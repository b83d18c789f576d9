"""Signatures of deliveries, by the Standard Webhooks specification (docs/webhooks.md, "Signatures"). Pure."""

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import Final

_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def make_secret() -> str:
    """A new secret: `whsec_` and 256 random bits in base64."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sign(body: bytes, *, uid: str, timestamp: int, secret: str) -> str:
    """The signature `v1,...` of a delivery: HMAC-SHA256 of id, time (seconds since 1970) and body."""
    key = b64decode(secret.removeprefix(_PREFIX))
    message = f"{uid}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.digest(key, message, 'sha256')).decode()}"


def signed_headers(body: bytes, *, uid: str, timestamp: int, keys: Iterable[str]) -> dict[str, str]:
    """The headers of a delivery, with one signature for each secret in `keys`."""
    signatures = [sign(body, uid=uid, timestamp=timestamp, secret=secret) for secret in keys]
    return {
        "content-type": "application/json",
        "user-agent": "Regulars-Webhooks/1",
        "webhook-id": uid,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
