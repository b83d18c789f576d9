"""Content negotiation: the format of the answer, in the order of docs/protocol.md 1.2. It never fails.

It reads the request line and headers alone, so it works for requests that were refused unparsed and for exceptions outside
the API's views.
"""

from collections.abc import Iterable

from django.http import HttpRequest, QueryDict
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from loyalty_project.api.formats import Format, format_of_media_type, media_type

MAX_QUERY_FIELDS = 1000
# Attribute of Django's request in which the parser leaves the format of a body.
BODY_FORMAT_ATTRIBUTE = "wire_body_format"


def query_values(request: HttpRequest) -> dict[str, str]:
    """The query, values as sent: of repeated keys the last wins, pairs without "=" are blank (docs/protocol.md 1.9).

    Always read as UTF-8: Django would follow the charset of the Content-Type. More than 1000 pairs raise
    `TooManyFieldsSent` (400).
    """
    # The server hands the raw bytes over as Latin-1 text (PEP 3333).
    raw = str(request.META.get("QUERY_STRING", "")).encode("latin-1", errors="replace")
    query = QueryDict(raw, encoding="utf-8")
    return {key: values[-1] for key, values in query.lists()}


def asked_format(request: HttpRequest, suffix: str | None = None) -> Format:
    """Format of the answer: by `format` parameter, suffix of the address, Accept, Content-Type of the request, else JSON."""
    return (
        _by_parameter(request)
        or _by_name(suffix or "")
        or _by_accept(str(request.META.get("HTTP_ACCEPT", "")))
        or _by_body(request)
        or Format.JSON
    )


class WireNegotiation(BaseContentNegotiation):
    """Negotiation of views with a single parser and a renderer for each format."""

    def select_parser(self, _request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """The view's only parser."""
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The renderer of the asked format, else the view's first, with its media type."""
        asked = asked_format(request._request, format_suffix)
        choices = list(renderers)
        chosen = next((renderer for renderer in choices if renderer.format == asked), choices[0])
        return chosen, chosen.media_type or ""


def _by_parameter(request: HttpRequest) -> Format | None:
    raw = str(request.META.get("QUERY_STRING", ""))
    if raw.count("&") >= MAX_QUERY_FIELDS:
        return None
    return _by_name(query_values(request).get("format", ""))


def _by_name(name: str) -> Format | None:
    name = name.strip().lower()
    return Format(name) if name in {"json", "xml"} else None


def _by_accept(header: str) -> Format | None:
    accepted = {format_of_media_type(media_type(entry)) for entry in header.split(",") if not _is_excluded(entry)}
    return next((wanted for wanted in (Format.JSON, Format.XML) if wanted in accepted), None)


def _is_excluded(entry: str) -> bool:
    """True if a media range has q=0."""
    for parameter in entry.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            return value.strip() in {"0", "0.", "0.0", "0.00", "0.000"}
    return False


def _by_body(request: HttpRequest) -> Format | None:
    declared = format_of_media_type(media_type(str(request.META.get("CONTENT_TYPE", ""))))
    sniffed: Format | None = getattr(request, BODY_FORMAT_ATTRIBUTE, None)
    return declared or sniffed
