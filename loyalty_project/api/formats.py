"""JSON or XML? What a media type says, and what the first character of a body says (docs/protocol.md 1.2)."""

from enum import StrEnum


class Format(StrEnum):
    """The two spellings of a request and of an answer."""

    JSON = "json"
    XML = "xml"


# What clients send who never chose a type (curl's default among them): read when the body itself says what it is.
UNDECIDED_MEDIA_TYPES = frozenset({"", "application/x-www-form-urlencoded", "text/plain", "application/octet-stream"})

_BEFORE_THE_BODY = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"  # byte order marks, the zero half of UTF-16, blanks


def media_type(header: str) -> str:
    """The media type of a Content-Type or Accept entry, without parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def format_of_media_type(name: str) -> Format | None:
    """The format that a media type (as `media_type` gives it) stands for; None when it is neither."""
    if name in {"application/json", "text/json"} or name.endswith("+json"):
        return Format.JSON
    if name in {"application/xml", "text/xml"} or name.endswith("+xml"):
        return Format.XML
    return None


def sniff(body: bytes) -> Format | None:
    """The format that the first character of a body speaks of; None when it begins neither a document nor an object."""
    first = body[:1024].lstrip(_BEFORE_THE_BODY)[:1] or body.lstrip(_BEFORE_THE_BODY)[:1]
    if first == b"<":
        return Format.XML
    return Format.JSON if first in {b"{", b"["} else None
