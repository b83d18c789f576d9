"""Content negotiation: the format of the answer, in the order of docs/protocol.md 1.2. It never fails.

It reads the request line and headers alone, so it works for requests that were refused unparsed and for exceptions outside
the API's views.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest

from loyalty_project.api.formats import Format, format_of_media_type, media_type

MAX_QUERY_FIELDS = 1000
# Attribute of Django's request in which the parser leaves the format of a body.
BODY_FORMAT_ATTRIBUTE = "wire_body_format"
_QUERY_ATTRIBUTE: Final = "wire_query"


def query_values(request: HttpRequest) -> Mapping[str, str]:
    """The query, values as sent: of repeated keys the last wins, pairs without "=" are blank (docs/protocol.md 1.9).

    Always read as UTF-8: Django would follow the charset of the Content-Type. It is read once a request. More than 1000 pairs
    raise `TooManyFieldsSent` (400).
    """
    known: Mapping[str, str] | None = getattr(request, _QUERY_ATTRIBUTE, None)
    if known is None:
        known = _read_query(str(request.META.get("QUERY_STRING", "")))
        setattr(request, _QUERY_ATTRIBUTE, known)
    return known


def _read_query(sent: str) -> Mapping[str, str]:
    # The server hands the raw bytes over as Latin-1 text (PEP 3333). Bytes that are not UTF-8 stay Latin-1.
    raw = sent.encode("latin-1", errors="replace")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS))
    except ValueError as error:
        raise TooManyFieldsSent from error


def asked_format(request: HttpRequest, suffix: str | None = None) -> Format:
    """Format of the answer: by `format` parameter, suffix of the address, Accept, Content-Type of the request, else JSON."""
    return (
        _by_parameter(request)
        or _by_name(suffix or "")
        or _by_accept(str(request.META.get("HTTP_ACCEPT", "")))
        or _by_body(request)
        or Format.JSON
    )


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
