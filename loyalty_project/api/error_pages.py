"""Django's error handlers: the envelope under the API's addresses, Django's pages elsewhere.

They answer wrong host names, unknown addresses and exceptions of middleware. The project's urls name them as `handler400` to
`handler500`.
"""

import sys
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt

from loyalty_project.api.addresses import is_api, is_other_version
from loyalty_project.api.body import discard_body
from loyalty_project.api.envelope import refusal
from loyalty_project.api.exception_handler import RETRY_SECONDS, as_refusal
from loyalty_project.api.formats import Format
from loyalty_project.api.negotiation import asked_format
from loyalty_project.api.plain import plain_refusal
from loyalty_project.api.renderers import CONTENT_TYPES, render
from loyalty_project.db.errors import is_database_away
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import RequestRefusedError

log = structlog.get_logger(__name__)


@csrf_exempt
def unknown_path(request: HttpRequest) -> HttpResponse:
    """404 in JSON for unknown paths of other versions, without authentication (docs/protocol.md 1.9)."""
    discard_body(request)
    return _refuse(request, RequestRefusedError(404, Transport.NOT_FOUND))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """400."""
    return _refuse(request, as_refusal(exception)) if is_api(request.path_info) else defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """403."""
    return (
        _refuse(request, as_refusal(exception)) if is_api(request.path_info) else defaults.permission_denied(request, exception)
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404."""
    return _refuse(request, as_refusal(exception)) if is_api(request.path_info) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500, logged: Django calls this while the exception is being handled. 503 if the database cannot be reached."""
    error = sys.exception()
    if error is not None and is_database_away(error):
        return unavailable(request, as_refusal(error))
    log.error("request_failed", exc_info=error)
    if is_api(request.path_info):
        return _refuse(request, RequestRefusedError(500, Code.ALL_FAILED))
    return defaults.server_error(request)


def busy(request: HttpRequest) -> HttpResponse:
    """503 for a request that the server has no time for."""
    return unavailable(request, RequestRefusedError(503, Transport.AUTHORISATION_UNAVAILABLE, body_code=503))


def unavailable(request: HttpRequest, refused: RequestRefusedError) -> HttpResponse:
    """503 with Retry-After: the envelope, or a plain page that needs neither database nor session."""
    if is_api(request.path_info):
        response = _refuse(request, refused)
    else:
        response = HttpResponse(render_to_string("503.html"), status=503, headers={"Cache-Control": "no-store"})
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _refuse(request: HttpRequest, error: RequestRefusedError) -> HttpResponse:
    wanted = asked_format(request, suffix=request.path_info.rstrip("/").rpartition(".")[2])
    answer: dict[str, Any] = refusal(error)
    if is_other_version(request.path_info):
        wanted = Format.JSON
        answer = plain_refusal(error.body_code, error.message)
    return HttpResponse(
        render(answer, wanted),
        status=error.http_status,
        content_type=CONTENT_TYPES[wanted],
        headers={"Cache-Control": "no-store"},
    )
