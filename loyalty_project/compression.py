"""Compressed answers: pages here, answers of the API in `api.security`."""

import gzip
import re
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

_TEXTS: Final = ("text/", "application/json", "application/yaml")
# Bytes of an answer of the API from which compression saves a packet of the network.
LEAST: Final = 1400
# Half of the time of the usual level, for a tenth more bytes.
_LEVEL: Final = 3


class PageCompressionMiddleware(GZipMiddleware):
    """Compress pages for clients that ask for it. Django adds random bytes to each, so that its length betrays no secret.

    Files that are sent as they come, such as exports, stay as they are.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or not response.headers.get("Content-Type", "").startswith(_TEXTS):
            return response
        if not accepts_gzip(request):
            patch_vary_headers(response, ["Accept-Encoding"])
            return response
        return super().process_response(request, response)


def accepts_gzip(request: HttpRequest) -> bool:
    """True if `Accept-Encoding` names gzip, not with the weight 0, which refuses it (RFC 9110, 12.5.3)."""
    for named in request.META.get("HTTP_ACCEPT_ENCODING", "").split(","):
        name, _, weight = re.sub(r"\s", "", named).partition(";q=")
        if name == "gzip":
            return re.fullmatch(r"0(\.0*)?", weight) is None
    return False


def compress(request: HttpRequest, response: HttpResponse) -> None:
    """Compress an answer of the API if it is long and the client asks for gzip.

    It has no random bytes: browsers do not send credentials of the API by themselves.
    """
    if len(response.content) < LEAST:
        return
    patch_vary_headers(response, ["Accept-Encoding"])
    if accepts_gzip(request):
        response.content = gzip.compress(response.content, compresslevel=_LEVEL, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
