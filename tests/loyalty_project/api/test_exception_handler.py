import pytest
from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.db import DataError, OperationalError, connection
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from structlog.testing import capture_logs

from loyalty_project.api.exception_handler import answer_exception, as_refusal, refused_with
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import LoyaltyError, RequestRefusedError


@pytest.mark.parametrize(
    ("error", "http_status", "code"),
    [
        (RequestRefusedError(413, Code.INVALID_INPUT), 413, 400),
        (LoyaltyError(Code.UNKNOWN_ID), 400, 1011),
        (LoyaltyError(Transport.BUSY), 521, 521),
        (LoyaltyError(Transport.SEARCH_BUSY), 461, 461),
        (LoyaltyError(Code.INVALID_INPUT), 400, 400),
        (exceptions.NotAuthenticated(), 401, 401),
        (exceptions.AuthenticationFailed(), 401, 401),
        (exceptions.PermissionDenied(), 403, 4000),
        (PermissionDenied(), 403, 4000),
        (exceptions.NotFound(), 404, 404),
        (Http404(), 404, 404),
        (exceptions.MethodNotAllowed("GET"), 405, 405),
        (exceptions.UnsupportedMediaType("image/png"), 415, 415),
        (exceptions.Throttled(), 429, 429),
        (exceptions.ParseError(), 400, 400),
        (exceptions.ValidationError({"a": ["b"]}), 400, 400),
        (exceptions.NotAcceptable(), 406, 400),
        (RequestDataTooBig(), 413, 400),
        (TooManyFieldsSent(), 400, 400),
        (DisallowedHost(), 400, 400),
        (BadRequest(), 400, 400),
        (UnreadablePostError(), 400, 400),
    ],
)
def test_what_is_expected_has_its_code_and_is_not_logged(error: Exception, http_status: int, code: int) -> None:
    with capture_logs() as logs:
        refused = as_refusal(error)
    assert (refused.http_status, refused.body_code) == (http_status, code)
    assert logs == []


@pytest.mark.parametrize(
    "error",
    [RuntimeError("bug"), DataError("bad"), exceptions.APIException("broken"), RecursionError()],
)
def test_an_unexpected_exception_is_logged_and_answered_500(error: Exception) -> None:
    with capture_logs() as logs:
        refused = as_refusal(error)
    assert (refused.http_status, refused.body_code, refused.message) == (500, 500, "All requests have failed due to errors")
    assert [(log["event"], log["log_level"], log["exc_info"]) for log in logs] == [("request_failed", "error", error)]


@pytest.mark.django_db
@pytest.mark.parametrize(("sqlstate", "code", "events"), [("55P03", 521, []), ("57014", 500, ["request_failed"])])
def test_a_lock_that_is_not_free_is_521_and_a_runaway_statement_500(sqlstate: str, code: int, events: list[str]) -> None:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{sqlstate}'; END $$")
    with capture_logs() as logs:
        assert as_refusal(caught.value).http_status == code
    assert [log["event"] for log in logs] == events


@pytest.mark.parametrize(
    ("code", "http_status"),
    [
        (Transport.ACCESS_DENIED, 403),
        (Transport.AUTHORISATION_UNAVAILABLE, 503),
        (Transport.UNSUPPORTED_OPERATION, 406),
        (Transport.VERSION_UNSUPPORTED, 402),
        (Code.ALL_FAILED, 500),
        (Code.BATCH_LIMIT_EXCEEDED, 400),
    ],
)
def test_http_mirrors_the_codes_of_requests_and_is_400_for_those_of_items(code: Code | Transport, http_status: int) -> None:
    refused = refused_with(code)
    assert (refused.http_status, refused.body_code, refused.message) == (http_status, int(code), code.sentence)


def test_401_challenges() -> None:
    response = answer_exception(RequestRefusedError(401, Transport.UNAUTHORIZED), {})
    assert response["WWW-Authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (exceptions.Throttled(wait=2.1), "3"),
        (exceptions.Throttled(wait=0), "1"),
        (exceptions.Throttled(), "60"),
        (RequestRefusedError(429, Transport.RATE_LIMITED), "60"),
    ],
)
def test_429_carries_retry_after(error: Exception, seconds: str) -> None:
    response = answer_exception(error, {})
    assert (response.status_code, response["Retry-After"]) == (429, seconds)


def test_other_refusals_carry_neither_header() -> None:
    response = answer_exception(Http404(), {})
    assert "WWW-Authenticate" not in response
    assert "Retry-After" not in response
