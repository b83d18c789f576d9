"""Formats, JSON and XML: by media type, and by the first character of a body (docs/protocol.md 1.2)."""

from enum import StrEnum


class Format(StrEnum):
    """Format of a request or an answer."""

    JSON = "json"
    XML = "xml"


# Media types of clients that never chose one, such as curl's default: the body's first character decides.
UNDECIDED_MEDIA_TYPES = frozenset({"", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream"})

_BEFORE_THE_BODY = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"  # byte order marks, the zero half of UTF-16, blanks


def media_type(header: str) -> str:
    """The media type of a Content-Type or Accept entry, without parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def format_of_media_type(name: str) -> Format | None:
    """Format of a media type (as `media_type` returns it); None for another type."""
    if name in {"application/json", "text/json"} or name.endswith("+json"):
        return Format.JSON
    if name in {"application/xml", "text/xml"} or name.endswith("+xml"):
        return Format.XML
    return None


def sniff(body: bytes) -> Format | None:
    """Format by the first character of a body; None if it begins neither a document, an object nor a list."""
    first = body[:1024].lstrip(_BEFORE_THE_BODY)[:1] or body.lstrip(_BEFORE_THE_BODY)[:1]
    if first == b"<":
        return Format.XML
    return Format.JSON if first in {b"{", b"["} else None
