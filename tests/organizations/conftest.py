"""One folder of token keys, and an API client."""

from pathlib import Path

import pytest
from pytest_django import Settings

from organizations.credentials.models import ApiClient
from organizations.credentials.token_keys import add_key
from organizations.locations.models import Till
from tests.factories.credentials import ApiClientFactory


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
