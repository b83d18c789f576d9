"""The handler of the API's addresses, as the server calls it."""

import io
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings as project_settings
from django.db import connection
from django.test import Client
from pytest_django import Settings
from structlog.testing import capture_logs

from loyalty_project.api import handler as module
from loyalty_project.wsgi_handler import ProjectHandler
from tests.both_handlers import BothHandlers

pytestmark = [pytest.mark.urls("tests.loyalty_project.api.wire_urls"), pytest.mark.django_db]
# What every answer has, whatever the mode of the installation.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def ask(path: str = "/v1.1/echo", **environment: Any) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to a GET."""
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": "localhost", "wsgi.input": io.BytesIO(), **environment}
    setup_testing_defaults(environ)
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(ProjectHandler()(environ, lambda line, headers: begun.append((line, headers))))
    ((line, headers),) = begun
    return int(line.split()[0]), dict(headers), body


def test_an_answer_has_the_headers_of_every_answer() -> None:
    status, headers, body = ask()
    assert (status, headers["Content-Length"]) == (200, str(len(body)))
    assert headers.items() >= ALWAYS.items()
    assert headers["X-Cap-Requestid"]


@pytest.mark.parametrize(("path", "status"), [("/v1.1/nowhere", 404), ("/v1.1/plain/bug", 500), ("/v1.1/fail/denied", 403)])
def test_refusals_and_failures_have_them_too(path: str, status: int) -> None:
    with capture_logs():
        answer = ask(path)
    assert answer[0] == status
    assert answer[1].items() >= ALWAYS.items()


def test_an_installation_by_https_says_so(settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    assert ask(**{"wsgi.url_scheme": "https"})[1]["Strict-Transport-Security"] == "max-age=60"


def test_plain_http_is_redirected_if_the_installation_wants_it(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    status, headers, _ = ask(QUERY_STRING="a=1")
    assert (status, headers["Location"]) == (301, "https://localhost/v1.1/echo?a=1")


def test_a_wrong_host_is_refused_in_the_envelope(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    status, headers, body = ask(HTTP_HOST="evil.example")
    assert (status, b'"code":400' in body) == (400, True)
    assert headers.items() >= ALWAYS.items()


@pytest.mark.parametrize(
    "setting", ["SECURE_CONTENT_TYPE_NOSNIFF", "SECURE_REFERRER_POLICY", "SECURE_CROSS_ORIGIN_OPENER_POLICY"]
)
def test_the_headers_follow_the_settings_of_django(settings: Settings, setting: str) -> None:
    setattr(settings, setting, None)
    assert len(ask()[1]) == len(ALWAYS) - 1 + len({"Content-Type", "Content-Length", "Vary", "Allow", "X-Cap-Requestid"})


def test_a_session_is_neither_read_nor_answered(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        _, headers, _ = ask(HTTP_COOKIE="sessionid=abc; csrftoken=def")
    assert "Set-Cookie" not in headers
    assert headers["Vary"] == "Accept"


def test_the_middleware_of_pages_is_not_run() -> None:
    assert [name.rpartition(".")[2] for name in project_settings.API_MIDDLEWARE] == [
        "RequestIdMiddleware",
        "ApiSecurityMiddleware",
    ]


def test_a_failure_of_middleware_is_answered_in_the_envelope(settings: Settings) -> None:
    settings.API_MIDDLEWARE = [f"{__name__}.fail"]
    with capture_logs() as logs:
        status, _, body = ask()
    assert (status, b'"code":500' in body) == (500, True)
    assert [log["event"] for log in logs] == ["request_failed"]


def fail(_get_response: Any) -> Any:
    """Middleware that fails."""

    def middleware(_request: Any) -> Any:
        raise RuntimeError

    return middleware


def test_an_unusable_connection_is_closed_after_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(type(connection._connections["default"]), "close_if_unusable_or_obsolete", lambda _: closed.append(1))  # type: ignore[attr-defined]  # not public
    ask()
    assert closed == [1]


def test_long_addresses_are_not_remembered() -> None:
    module._known_match.cache_clear()
    assert ask("/v1.1/fail/denied")[0] == ask("/v1.1/fail/denied")[0] == 403
    assert ask("/v1.1/plain/" + "x" * 100)[0] == 500
    assert module._known_match.cache_info()[:2] == (1, 1)


def test_the_test_client_uses_it_for_the_api_only() -> None:
    client = Client(raise_request_exception=False)
    assert isinstance(client.handler, BothHandlers)
    assert not hasattr(client.get("/v1.1/echo").wsgi_request, "session")
    assert hasattr(client.get("/admin/login/").wsgi_request, "session")
