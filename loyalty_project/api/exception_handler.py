"""Answers to exceptions: a refusal in the envelope, whatever the cause (docs/protocol.md 1.6)."""

import math
from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import Error
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    Throttled,
    UnsupportedMediaType,
)
from rest_framework.response import Response

from loyalty_project.api.envelope import refusal
from loyalty_project.api.response import WireResponse
from loyalty_project.db.errors import is_database_away, sqlstate
from loyalty_project.db.request_time import OutOfTimeError
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError, RequestRefusedError

log = structlog.get_logger(__name__)

CHALLENGE: Final = 'Basic realm="Regulars", charset="UTF-8"'
_LOCK_NOT_AVAILABLE = "55P03"
_SECONDS_UNTIL_A_NEW_WINDOW = 60
# After a 503.
RETRY_SECONDS: Final = 2
# Codes whose number is not their HTTP status.
_HTTP_STATUS: Final[dict[CodeTable, int]] = {
    Transport.ACCESS_DENIED: 403,
    Transport.AUTHORISATION_UNAVAILABLE: 503,
}

_EXPECTED: Final[list[tuple[tuple[type[Exception], ...], int, CodeTable]]] = [
    ((NotAuthenticated, AuthenticationFailed), 401, Transport.UNAUTHORIZED),
    ((exceptions.PermissionDenied, PermissionDenied), 403, Transport.ACCESS_DENIED),
    ((NotFound, Http404), 404, Transport.NOT_FOUND),
    ((MethodNotAllowed,), 405, Transport.METHOD_NOT_ALLOWED),
    ((UnsupportedMediaType,), 415, Transport.UNSUPPORTED_MEDIA_TYPE),
    ((Throttled,), 429, Transport.RATE_LIMITED),
    ((RequestDataTooBig,), 413, Code.INVALID_INPUT),
    ((SuspiciousOperation, BadRequest, UnreadablePostError), 400, Code.INVALID_INPUT),
]


def answer_exception(error: Exception, context: Mapping[str, Any]) -> Response:  # noqa: ARG001 - DRF's signature
    """Answer to an exception of a view. Unexpected ones are logged, without the request's content, and answered with 500."""
    refused = as_refusal(error)
    headers: dict[str, str] = {}
    if refused.http_status == 401:
        headers["WWW-Authenticate"] = getattr(error, "auth_header", "") or CHALLENGE
    if refused.http_status == 429:
        wait = getattr(error, "wait", None)
        headers["Retry-After"] = str(_SECONDS_UNTIL_A_NEW_WINDOW if wait is None else max(1, math.ceil(wait)))
    if refused.http_status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return WireResponse(refusal(refused), status=refused.http_status, headers=headers)


def as_refusal(error: BaseException) -> RequestRefusedError:
    """The refusal for an exception. Logs it if it is a bug or a failure of the installation."""
    if isinstance(error, RequestRefusedError):
        return error
    if isinstance(error, LoyaltyError):
        return refused_with(error.code)
    for kinds, http_status, code in _EXPECTED:
        if isinstance(error, kinds):
            return RequestRefusedError(http_status, code)
    if isinstance(error, APIException) and error.status_code < 500:
        return RequestRefusedError(error.status_code, Code.INVALID_INPUT)
    if isinstance(error, OutOfTimeError) or (isinstance(error, Error) and sqlstate(error) == _LOCK_NOT_AVAILABLE):
        return refused_with(Transport.BUSY)
    if is_database_away(error):
        # Nothing was done, so the caller may try again. One line, because every call has it.
        log.error("database_away", error=type(error).__name__)
        return RequestRefusedError(503, Transport.AUTHORISATION_UNAVAILABLE, body_code=503)
    log.error("request_failed", exc_info=error)
    return RequestRefusedError(500, Code.ALL_FAILED)


def refused_with(code: CodeTable) -> RequestRefusedError:
    """Refusal of a whole request with this code; the HTTP status is 400 for codes of items (docs/protocol.md 1.5)."""
    if code in _HTTP_STATUS:
        return RequestRefusedError(_HTTP_STATUS[code], code)
    mirrored = isinstance(code, Transport) or code in {Code.INVALID_INPUT, Code.ALL_FAILED}
    return RequestRefusedError(int(code) if mirrored else 400, code)
