"""The mail server of the installation, from one address (docs/operating.md, Settings)."""

from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_PORTS: Final = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
SECONDS: Final = 10


def email_settings(url: str) -> dict[str, Any]:
    """Django's settings of e-mail for `smtp+tls://user:password@host:587/?from=shop@example.com`.

    `smtp+tls` begins in clear text and changes to TLS, `smtp+ssl` is TLS from the start, `smtp` neither. "": no mail server.
    Raises `ImproperlyConfigured` for another address, without repeating it: it has a password.
    """
    if not url:
        return {"EMAIL_HOST": ""}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL is not an address.") from None
    sender = parse_qs(parts.query).get("from", [""])[-1]
    if parts.scheme not in _PORTS or not parts.hostname or "@" not in sender:
        raise ImproperlyConfigured("EMAIL_URL has to be like smtp+tls://user:password@host:587/?from=shop@example.com.")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or _PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtp+ssl",
        "EMAIL_TIMEOUT": SECONDS,
        "DEFAULT_FROM_EMAIL": sender,
    }
