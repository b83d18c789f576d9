import re
from uuid import UUID

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from structlog.contextvars import get_contextvars

from loyalty_project.middleware import CONTENT_POLICY, REQUEST_ID_HEADER, ContentPolicyMiddleware, RequestIdMiddleware


def test_a_request_has_one_id_in_the_log_the_request_and_the_answer() -> None:
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.extend([get_contextvars()["request_id"], request.request_id])  # type: ignore[attr-defined]  # set by the middleware
        return HttpResponse()

    response = RequestIdMiddleware(view)(RequestFactory().get("/"))
    assert seen == [response[REQUEST_ID_HEADER]] * 2
    assert UUID(seen[0])
    assert "request_id" not in get_contextvars()


def test_every_request_has_an_id_of_its_own_whatever_the_client_sends() -> None:
    middleware = RequestIdMiddleware(lambda _request: HttpResponse())
    ids = {middleware(RequestFactory().get("/", HTTP_X_CAP_REQUESTID="mine"))[REQUEST_ID_HEADER] for _ in range(5)}
    assert len(ids) == 5
    assert "mine" not in ids


@pytest.mark.urls("tests.loyalty_project.api.wire_urls")
@pytest.mark.parametrize("path", ["/v1.1/echo", "/v1.1/nowhere", "/v1.1/fail/bug", "/v1.1/plain/bug", "/nowhere"])
def test_every_answer_has_it(path: str) -> None:
    assert UUID(Client(raise_request_exception=False).get(path)["X-Cap-Requestid"])


@pytest.mark.parametrize(
    ("content_type", "policies"), [("text/html; charset=utf-8", 1), ("application/json", 0), ("text/css", 0)]
)
def test_pages_have_a_policy_for_what_they_load(content_type: str, policies: int) -> None:
    middleware = ContentPolicyMiddleware(lambda _request: HttpResponse(content_type=content_type))
    answer = middleware(RequestFactory().get("/"))
    assert [name for name in answer.headers if name == "Content-Security-Policy"] == ["Content-Security-Policy"] * policies


def test_the_policy_runs_no_script_of_a_page() -> None:
    directives = dict(directive.split(" ", 1) for directive in CONTENT_POLICY.split("; "))
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["frame-ancestors"] == "'none'"


def test_templates_have_no_scripts_of_their_own() -> None:
    for template in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", text), template
