"""/docs: the document in Swagger UI and Redoc, from files of this installation alone."""

import re

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client

PAGES = ("/docs", "/docs/redoc")


@pytest.mark.django_db
@pytest.mark.parametrize("address", PAGES)
def test_pages_load_files_of_this_installation(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.content.decode())
    assert len(loaded) > 3
    for file in loaded:
        assert file.startswith("/")
        assert not file.startswith("/static/") or finders.find(file.removeprefix("/static/"))


@pytest.mark.django_db
@pytest.mark.parametrize("address", PAGES)
def test_their_policy_lets_nothing_in_from_elsewhere(client: Client, address: str) -> None:
    policy = client.get(address).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "http" not in policy
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_the_document_is_served_as_it_is_kept(client: Client) -> None:
    answer = client.get("/docs/openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml; charset=utf-8"
    assert yaml.safe_load(answer.getvalue())["openapi"].startswith("3.1")
