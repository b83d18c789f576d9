"""Deployment checks of authentication, for `manage.py check --deploy`."""

import stat
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from organizations.credentials.token_keys import key_files

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def check_token_keys(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """In production: a key to sign tokens exists, and only the servers' user can read the keys."""
    if not settings.PRODUCTION:
        return []
    folder = settings.TOKEN_KEYS_DIR
    files = key_files(folder)
    if not files:
        hint = "Run `manage.py rotate_token_keys` once and share the folder between the servers."
        return [Error(f"No key to sign tokens with in {folder}.", hint=hint, id="organizations.E001")]
    return [
        CheckWarning(f"{file} can be read by others.", hint="chmod 600", id="organizations.W001")
        for file in files
        if file.stat().st_mode & _OTHERS
    ]


def check_trusted_proxies(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Behind a proxy the number of proxies is set: otherwise all callers share the proxy's address."""
    if settings.TRUSTED_PROXIES or not settings.SECURE_PROXY_SSL_HEADER:
        return []
    hint = "Set TRUSTED_PROXIES to the number of your own proxies. Guesses of one caller would slow down the log-ins of all."
    return [CheckWarning("BEHIND_TLS_PROXY is 1, but TRUSTED_PROXIES is 0.", hint=hint, id="organizations.W002")]
