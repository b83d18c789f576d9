"""Request that drops unreadable parameters of the Content-Type header.

Django reads them while it builds the request, before any middleware or error page. An unknown charset in an RFC 2231 parameter,
a charset that is not a text encoding, or one with a query that is too long would otherwise be the server's own bare 500.
"""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest


class TolerantRequest(WSGIRequest):
    """A request that keeps only the media type of a Content-Type whose parameters cannot be read."""

    def __init__(self, environ: dict[str, Any]) -> None:
        try:
            super().__init__(environ)
        except (ValueError, LookupError, SuspiciousOperation):
            bare = str(environ.get("CONTENT_TYPE", "")).partition(";")[0]
            super().__init__({**environ, "CONTENT_TYPE": bare})
