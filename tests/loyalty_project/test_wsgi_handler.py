import io
from collections.abc import Callable
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_project.wsgi_handler import ProjectHandler

# The handler ends connections that are too old, which touches the database.
pytestmark = [pytest.mark.urls("tests.loyalty_project.api.wire_urls"), pytest.mark.django_db]
BODY = b'{"customer": {"a": 1}}'


def post(content_type: str, query: str = "") -> tuple[str, bytes]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1.1/echo",
        "QUERY_STRING": query,
        "HTTP_HOST": "localhost",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(BODY)),
        "wsgi.input": io.BytesIO(BODY),
    }
    setup_testing_defaults(environ)
    statuses: list[Any] = []

    def start_response(status: str, _headers: list[tuple[str, str]], _error: Any = None, /) -> Callable[[bytes], object]:
        statuses.append(status)
        return statuses.append

    response = ProjectHandler()(environ, start_response)
    return statuses[0], b"".join(response)


@pytest.mark.parametrize(
    "parameters",
    ["", "; charset=utf-8", "; charset=base64", "; charset*=nonsense''x", "; charset*0*=nonsense''x", ";;;=", "; a*=\xff'"],
)
def test_parameters_of_the_content_type_do_no_harm(parameters: str) -> None:
    assert post(f"application/json{parameters}") == ("200 OK", b'{"response":{"item":[{"a":"1"}]}}')


def test_the_media_type_is_kept() -> None:
    assert post("image/png; charset*=nonsense''x")[0].startswith("415")


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "base64"])
def test_a_flood_of_fields_with_a_charset_is_refused_by_the_views(charset: str) -> None:
    status, body = post(f"application/json; charset={charset}", query="&".join(["a=1"] * 1001))
    assert (status, b'"item"' in body) == ("200 OK", True)


@settings(max_examples=30, deadline=None)
@given(parameters=st.text(alphabet=";=*'\"\\, %0a1charsetutf-8\xff", max_size=40))
def test_no_parameters_break_the_request(parameters: str) -> None:
    assert post(f"application/json;{parameters}")[0] in {"200 OK", "415 Unsupported Media Type"}
