"""Deployment checks of authentication."""

from pathlib import Path

from django.core.checks.registry import registry

from organizations.credentials.checks import check_token_keys, check_trusted_proxies
from organizations.credentials.token_keys import add_key


def problems() -> list[str]:
    return [message.id for message in check_token_keys(app_configs=None)]


def test_outside_production_nothing_is_required(tmp_path: Path, settings) -> None:
    settings.TOKEN_KEYS_DIR = tmp_path
    assert problems() == []


def test_production_needs_a_key_that_others_cannot_read(tmp_path: Path, settings) -> None:
    settings.PRODUCTION, settings.TOKEN_KEYS_DIR = True, tmp_path
    assert problems() == ["organizations.E001"]
    kid = add_key(tmp_path)
    assert problems() == []
    (tmp_path / f"{kid}.pem").chmod(0o640)
    assert problems() == ["organizations.W001"]


def test_the_check_is_among_those_of_deployment() -> None:
    assert check_token_keys in registry.deployment_checks


def test_a_proxy_that_is_not_counted_is_reported(settings) -> None:
    def found() -> list[str]:
        return [message.id for message in check_trusted_proxies(app_configs=None)]

    assert found() == []
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert found() == ["organizations.W002"]
    settings.TRUSTED_PROXIES = 1
    assert found() == []
    assert check_trusted_proxies in registry.deployment_checks
