import json
from typing import Any

import pytest
from django.test import Client
from django.test.client import FakePayload
from structlog.testing import capture_logs

from loyalty_project.api.body import MAX_BODY_BYTES

pytestmark = pytest.mark.urls("tests.loyalty_project.api.wire_urls")
JSON, XML = "application/json; charset=utf-8", "application/xml; charset=utf-8"
BODY = b'{"root": {"customer": [{"a": 1}]}}'


@pytest.fixture
def till() -> Client:
    return Client(raise_request_exception=False)


def status_of(response: Any) -> tuple[int, int]:
    assert response["Content-Type"] == JSON
    return response.status_code, json.loads(response.content)["response"]["status"]["code"]


def test_json_in_and_out(till: Client) -> None:
    response = till.post("/v1.1/echo", BODY, content_type="application/json")
    assert (response.status_code, response["Content-Type"], response.content) == (
        200,
        JSON,
        b'{"response":{"item":[{"a":"1"}]}}',
    )


def test_xml_in_and_out(till: Client) -> None:
    response = till.post("/v1.1/echo", b"<root><customer><a>1</a></customer></root>", content_type="text/xml")
    assert response["Content-Type"] == XML
    assert response.content == b'<?xml version="1.0" encoding="UTF-8"?><response><item><a>1</a></item></response>'


def test_an_xml_body_of_an_undecided_type_is_answered_in_xml(till: Client) -> None:
    body = b"<root><customer><a>1</a></customer></root>"
    assert (
        till.post("/v1.1/echo", body, content_type="application/x-www-form-urlencoded", HTTP_ACCEPT="*/*")["Content-Type"]
        == XML
    )
    assert till.post("/v1.1/echo", body[:9], content_type="text/plain")["Content-Type"] == XML


def test_the_suffix_of_the_address_chooses_the_format(till: Client) -> None:
    assert till.get("/v1.1/echo.xml")["Content-Type"] == XML
    assert till.get("/v1.1/echo.json", HTTP_ACCEPT="text/xml")["Content-Type"] == JSON


def test_the_query_is_stripped_and_the_last_of_a_key_wins(till: Client) -> None:
    response = till.get("/v1.1/echo?a=1&a=%202%20&b&%20c%20=d")
    assert json.loads(response.content)["response"]["query"] == {"a": "2", "b": "", "c": "d"}


@pytest.mark.parametrize("query", ["a=%00", "a%00=1", "&".join(["a=1"] * 1001)])
def test_unusable_queries_are_400(till: Client, query: str) -> None:
    assert status_of(till.get(f"/v1.1/echo?{query}")) == (400, 400)


@pytest.mark.parametrize("suffix", ["", "?format=xml"])
def test_refusals_come_in_the_asked_format(till: Client, suffix: str) -> None:
    response = till.get(f"/v1.1/unknown{suffix}")
    if suffix:
        status = b"<success>false</success><code>404</code><message>Incorrect resource</message>"
        assert response["Content-Type"] == XML
        assert response.content.endswith(b"?><response><status>" + status + b"</status></response>")
    else:
        assert status_of(response) == (404, 404)


def test_the_400_of_xml_has_one_empty_warning(till: Client) -> None:
    response = till.post("/v1.1/echo", b"<root/>", content_type="text/xml")
    assert b"<code>400</code>" in response.content
    assert b"<warnings><warning/></warnings>" in response.content


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FROB"])
def test_other_methods_are_405_with_those_allowed(till: Client, method: str) -> None:
    response = till.generic(method, "/v1.1/echo", BODY, content_type="application/json")
    assert status_of(response) == (405, 405)
    assert response["Allow"] == "GET, POST"


def test_head_is_405(till: Client) -> None:
    assert till.head("/v1.1/echo").status_code == 405


def test_failures_are_listed_in_order(till: Client) -> None:
    stranger: dict[str, Any] = {"HTTP_AUTHORIZATION": "Basic stranger"}
    unknown = till.post("/v1.1/unknown", BODY, content_type="image/png", **stranger)
    assert status_of(unknown) == (401, 401)
    assert unknown["WWW-Authenticate"].startswith("Basic")
    assert status_of(till.put("/v1.1/echo", BODY, content_type="image/png", **stranger)) == (401, 401)
    assert status_of(till.delete("/v1.1/unknown", BODY, content_type="image/png")) == (404, 404)
    assert status_of(till.put("/v1.1/echo", BODY, content_type="image/png")) == (405, 405)
    assert status_of(till.post("/v1.1/echo", b"{", content_type="image/png")) == (415, 415)
    assert status_of(till.post("/v1.1/echo", b"{", content_type="application/json")) == (400, 400)
    assert status_of(till.post("/v1.1/echo", b'{"customer":[{},{},{},{}]}', content_type="application/json")) == (400, 1060)


def send(till: Client, payload: FakePayload, **more: Any) -> Any:
    """Post what is in `payload`, which shows afterwards how much of it was taken."""
    environ: dict[str, Any] = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(payload)), "wsgi.input": payload}
    return till.generic("POST", "/v1.1/echo", **environ, **more)


def test_the_body_of_a_stranger_is_not_read(till: Client) -> None:
    payload = FakePayload(BODY)
    assert status_of(send(till, payload, HTTP_AUTHORIZATION="stranger")) == (401, 401)
    assert len(payload) == len(BODY)


def test_a_body_that_is_too_large_is_413_and_taken_to_its_end(till: Client) -> None:
    payload = FakePayload(b" " * (MAX_BODY_BYTES + 1_000_000))
    assert status_of(send(till, payload)) == (413, 400)
    assert len(payload) == 0


@pytest.mark.parametrize("kind", ["bug", "recursion"])
def test_a_bug_is_a_500_in_the_envelope_and_logged_without_the_request(till: Client, kind: str) -> None:
    with capture_logs() as logs:
        response = till.get(f"/v1.1/fail/{kind}?mobile=919812345678")
    assert status_of(response) == (500, 500)
    assert [log["event"] for log in logs] == ["request_failed"]
    assert not any("919812345678" in str(value) for log in logs for value in log.values())


def test_an_answer_that_cannot_be_printed_is_a_500_in_the_envelope(till: Client) -> None:
    with capture_logs() as logs:
        assert status_of(till.get("/v1.1/unprintable")) == (500, 500)
    assert [log["event"] for log in logs] == ["request_failed"]


def test_a_denied_caller_is_4000(till: Client) -> None:
    assert status_of(till.get("/v1.1/fail/denied")) == (403, 4000)


def test_answers_carry_the_request_id_and_are_not_cached(till: Client) -> None:
    first, second = till.get("/v1.1/echo"), till.get("/v1.1/unknown")
    assert first["X-Cap-Requestid"] != second["X-Cap-Requestid"]
    assert first["Cache-Control"] == second["Cache-Control"] == "no-store"


def test_odd_charsets_do_not_disturb(till: Client) -> None:
    response = till.generic("POST", "/v1.1/echo?format=xml", BODY, content_type="application/json; charset=utf-16")
    assert (response.status_code, response["Content-Type"]) == (200, XML)
