"""Pages of the API's document: Swagger UI and Redoc, from files of this installation, and the document itself."""

from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

DOCUMENT: Final = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
# Redoc searches in a worker that it makes of its own text. Nothing is loaded from elsewhere.
CONTENT_POLICY: Final = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """The document in Swagger UI, which also sends calls."""
    return _page(request, "api_docs/swagger.html")


@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    """The document in Redoc, for reading."""
    return _page(request, "api_docs/redoc.html")


@require_safe
def document(_request: HttpRequest) -> FileResponse:
    """The document in YAML, as it is kept in the source tree: `make lint` checks that it is that of the code."""
    return FileResponse(DOCUMENT.open("rb"), content_type="application/yaml; charset=utf-8", filename=DOCUMENT.name)


def _page(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template)
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    return response
