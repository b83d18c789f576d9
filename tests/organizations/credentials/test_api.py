"""Tokens for API clients: the endpoint."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from structlog.testing import capture_logs

from organizations.credentials import verification_cache
from organizations.credentials.models import ApiClient
from tests.organizations.probe import ask, call_of

pytestmark = [pytest.mark.urls("tests.organizations.probe"), pytest.mark.django_db]


def generate(body: object, *, method: str = "POST", content_type: str = "application/json", **more: str):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.generic(method, "/v3/oauth/token/generate", data, content_type=content_type, **more)


def good(**changes: object) -> dict[str, object]:
    return {"key": "nw-key-1", "secret": "nw-secret-1", **changes}


def assert_refused(answer, status: int, message: str) -> None:
    assert answer.status_code == status
    assert answer.json() == {"data": None, "errors": [{"code": status, "message": message}]}


def test_a_key_and_its_secret_give_a_token_that_works(client_row: ApiClient) -> None:
    answer = generate(good())
    assert answer.status_code == 200
    assert answer.json() == {"data": {"accessToken": answer.json()["data"]["accessToken"], "ttlSeconds": 3600}, "errors": None}
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Cap-Requestid"]
    assert call_of(ask(X_CAP_API_OAUTH_TOKEN=answer.json()["data"]["accessToken"]))["actor"] == "client:nw-key-1"


def test_the_content_type_does_not_matter(client_row: ApiClient) -> None:
    assert generate(good(), content_type="text/plain; charset=utf-8").status_code == 200


@pytest.mark.parametrize("changes", [{"secret": "guess"}, {"key": "nobody"}, {"key": "nul\0"}, {"secret": "\ud800"}])
def test_a_wrong_pair_is_401(client_row: ApiClient, changes: dict) -> None:
    assert_refused(generate(good(**changes)), 401, "Please check your username/password or authentication token")


def test_guesses_have_to_wait(client_row: ApiClient) -> None:
    assert [generate(good(secret=f"guess {number}")).status_code for number in range(6)] == [401] * 6
    assert generate(good()).status_code == 401
    assert generate(good(), REMOTE_ADDR="198.51.100.7").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"[" * 50_000,
        [],
        "text",
        None,
        {},
        good(key=""),
        good(secret=None),
        good(key=7),
        good(secret=["nw-secret-1"]),
    ],
)
def test_a_body_without_key_and_secret_is_400(client_row: ApiClient, body: object) -> None:
    assert_refused(generate(body), 400, "Input is invalid, Please check request parameters or input xml/json")


def test_a_huge_body_is_413(client_row: ApiClient) -> None:
    answer = generate(b" " * (6 * 1024 * 1024))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, 413)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_405(client_row: ApiClient, method: str) -> None:
    answer = generate(good(), method=method)
    assert_refused(answer, 405, "Incorrect HTTP method")
    assert answer["Allow"] == "POST"


def test_when_too_many_secrets_wait_it_is_503(client_row: ApiClient, monkeypatch) -> None:
    monkeypatch.setattr(verification_cache, "LONGEST_WAIT", 0.01)
    with verification_cache._slow_hash:
        assert_refused(generate(good()), 503, "Authorisation service is unavailable")


def test_an_installation_failure_is_logged_and_answered_in_this_form(client_row: ApiClient, settings, tmp_path) -> None:
    settings.PRODUCTION, settings.TOKEN_KEYS_DIR = True, tmp_path
    with capture_logs() as logs:
        assert_refused(generate(good()), 500, "All requests have failed due to errors")
    assert [(log["event"], type(log["exc_info"])) for log in logs] == [("request_failed", ImproperlyConfigured)]
