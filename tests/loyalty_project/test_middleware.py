from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from structlog.contextvars import get_contextvars

from loyalty_project.middleware import REQUEST_ID_HEADER, RequestIdMiddleware


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
