"""What these tests share: one folder of token keys, and another organization's till."""

from pathlib import Path

import pytest
from pytest_django import Settings

from organizations.credentials.models import ApiClient
from organizations.credentials.token_keys import add_key
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import TillFactory


@pytest.fixture(scope="session")
def token_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one key; tests that change keys have their own."""
    folder = tmp_path_factory.mktemp("token-keys")
    add_key(folder)
    return folder


@pytest.fixture(autouse=True)
def _token_keys(settings: Settings, token_folder: Path) -> None:
    settings.TOKEN_KEYS_DIR = token_folder


@pytest.fixture
def client_row(till: Till) -> ApiClient:
    """The API client of northwind's till."""
    return ApiClientFactory(till=till, key="nw-key-1", secret="nw-secret-1", token_ttl=3600)


@pytest.fixture
def stranger(organization: Organization) -> Till:
    """The till of another organization."""
    with unscoped("tests make their rows"):
        return TillFactory(
            store__organization__code="bazaar", store__code="bazaar.main", code="bazaar.till1", password="bazaar-secret"
        )
