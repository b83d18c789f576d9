"""The settings that an environment gives, each in a process of its own."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings

_PRINT = """
import json
from loyalty_project import settings
names = "DEBUG PRODUCTION FAULT SESSION_COOKIE_SECURE SECURE_SSL_REDIRECT TRUSTED_PROXIES ALLOWED_HOSTS".split()
print(json.dumps({name: getattr(settings, name) for name in names}))
"""
PRODUCTION = {
    "LOYALTY_MODE": "production",
    "SECRET_KEY": "x" * 50,
    "ALLOWED_HOSTS": "shop.example",
    "DATABASE_URL": "postgresql://a@localhost/a",
}


def read(tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = {"PATH": os.environ["PATH"], "LOYALTY_DATA_DIR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "-c", _PRINT],
        env=path | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def values(tmp_path, **environment: str) -> dict[str, object]:
    return json.loads(read(tmp_path, **environment).stdout)


def test_with_an_empty_environment_nothing_is_shown_to_others(tmp_path) -> None:
    made = values(tmp_path)
    assert made["DEBUG"] is False
    assert made["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert (made["PRODUCTION"], made["FAULT"], made["TRUSTED_PROXIES"]) == (False, "", 0)


def test_production_is_strict_without_further_settings(tmp_path) -> None:
    made = values(tmp_path, **PRODUCTION, REGULARS_FAULT="after_commit")
    assert (made["DEBUG"], made["FAULT"]) == (False, "")
    assert made["SESSION_COOKIE_SECURE"]
    assert made["SECURE_SSL_REDIRECT"]


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_production_names_a_setting_that_is_missing(tmp_path, missing: str) -> None:
    ended = read(tmp_path, **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert ended.returncode != 0
    assert missing in ended.stderr
