"""The demo's organization file, and the databases into which the demo may be loaded."""

import pytest
from django.core.management.base import CommandError
from pytest_django import Settings

from demo.organization import ORGANIZATION_CODE, ORGANIZATION_FILE, check_allowed
from use_cases.organization_file import check_document


def test_production_refuses_the_demo_even_with_yes(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="passwords are public"):
        check_allowed(yes=True)


def test_a_database_of_database_url_needs_yes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PRODUCTION = False
    settings.DATABASE_URL = "postgresql://shop@db.example/shop"
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", "shop")
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", "db.example")
    with pytest.raises(CommandError, match=r"the database shop at db.example up to date .* Add --yes"):
        check_allowed(yes=False)
    check_allowed(yes=True)


def test_the_embedded_database_needs_no_yes(settings: Settings) -> None:
    settings.PRODUCTION, settings.DATABASE_URL = False, ""
    check_allowed(yes=False)


def test_the_organization_file_is_valid_and_has_the_code() -> None:
    document = check_document(ORGANIZATION_FILE.read_bytes(), environment={})
    assert document["organization"]["code"] == ORGANIZATION_CODE
