"""Middleware of every request: its id, and what browsers may load on pages."""

from collections.abc import Callable
from typing import Final
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse

REQUEST_ID_HEADER = "X-Cap-Requestid"
# Of requests by which static/back_office/dialogs.js opens and sends a form in a dialog.
DIALOG_HEADER: Final = "X-Dialog"


class RequestIdMiddleware:
    """Give each request a unique id: `request.request_id`, in the log, and in the answer (docs/protocol.md 1.8)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid4())
        request.request_id = request_id  # type: ignore[attr-defined]  # not an attribute of Django's request
        tokens = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.reset_contextvars(**tokens)
        response[REQUEST_ID_HEADER] = request_id
        return response


# Scripts come from files of this installation alone. Alpine.js, which Unfold builds on, evaluates the expressions in attributes
# ('unsafe-eval') and writes styles. Pictures of customers may be anywhere.
CONTENT_POLICY: Final = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: https:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class ContentPolicyMiddleware:
    """Add Content-Security-Policy to pages: injected scripts are not run."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        return response
