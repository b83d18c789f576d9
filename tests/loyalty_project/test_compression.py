"""Compressed answers."""

import gzip

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from loyalty_project.api.security import ApiSecurityMiddleware
from loyalty_project.compression import LEAST, PageCompressionMiddleware

LONG = b"Nora Fraser 902-555-0150 " * 200


def asked(headers: dict[str, str] | None = None) -> HttpRequest:
    return RequestFactory().get("/", headers={"accept-encoding": "gzip, br"} if headers is None else headers)


def page(content: bytes = LONG, content_type: str = "text/html; charset=utf-8") -> HttpResponseBase:
    return PageCompressionMiddleware(lambda _request: HttpResponse(content, content_type=content_type))(asked())


def test_a_page_is_compressed_and_its_length_varies() -> None:
    pages = [page() for _ in range(20)]
    assert {answer["Content-Encoding"] for answer in pages} == {"gzip"}
    assert all(gzip.decompress(answer.content) == LONG for answer in pages)
    assert len({len(answer.content) for answer in pages}) > 1
    assert "Accept-Encoding" in pages[0]["Vary"]


def test_files_short_pages_and_pages_for_others_stay_as_they_are() -> None:
    assert not page(b"short").has_header("Content-Encoding")
    assert not page(content_type="application/vnd.ms-excel").has_header("Content-Encoding")
    for answer in (StreamingHttpResponse([LONG], content_type="text/csv"), FileResponse(LONG, content_type="text/csv")):
        assert not PageCompressionMiddleware(lambda _request, answer=answer: answer)(asked()).has_header("Content-Encoding")
    plain = PageCompressionMiddleware(lambda _request: HttpResponse(LONG))(asked({}))
    assert plain.content == LONG


@pytest.mark.parametrize(
    ("content", "headers", "is_compressed"),
    [(LONG, None, True), (LONG, {}, False), (b"x" * (LEAST - 1), None, False)],
)
def test_long_answers_of_the_api_are_compressed_for_who_asks(
    content: bytes, headers: dict[str, str] | None, *, is_compressed: bool
) -> None:
    answer = ApiSecurityMiddleware(lambda _request: HttpResponse(content, content_type="application/json"))(asked(headers))
    assert answer.has_header("Content-Encoding") == is_compressed
    assert answer["Content-Length"] == str(len(answer.content))
    assert (gzip.decompress(answer.content) if is_compressed else answer.content) == content
    assert answer.has_header("Vary") == (len(content) >= LEAST)


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [("br, gzip ; q=0.5", True), ("gzip;q=0", False), ("br, gzip; q=0.000", False), ("x-gzip", False)],
)
def test_a_client_that_refuses_gzip_gets_none(accepted: str, *, is_compressed: bool) -> None:
    for middleware in (ApiSecurityMiddleware, PageCompressionMiddleware):
        answer = middleware(lambda _request: HttpResponse(LONG))(asked({"accept-encoding": accepted}))
        assert (answer.has_header("Content-Encoding"), answer["Vary"]) == (is_compressed, "Accept-Encoding")
