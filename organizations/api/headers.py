"""Headers of a call other than credentials and attribution (docs/protocol.md 1.8)."""

import re
from contextlib import suppress
from functools import cache

from django.http import HttpRequest

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import RequestRefusedError

_LONGEST = 200
_UNUSABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_DIAL_CODE = re.compile(r"[1-9][0-9]{0,3}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_USER_CONTEXT = (
    "USER-CONTEXT-ENTITY-TYPE",
    "USER-CONTEXT-ENTITY-ID",
    "USER-CONTEXT-ENTITY-SOURCE",
    "USER-CONTEXT-ENTITY-SOURCE-ID",
)


def header_text(request: HttpRequest, name: str) -> str:
    """The header `name` without control characters, at most 200 characters, decoded from UTF-8; "" if absent."""
    value = str(request.META.get(_meta_key(name), ""))
    if not value:
        return ""
    # The server passes bytes as Latin-1 text (PEP 3333). Bytes that are not UTF-8 stay Latin-1.
    with suppress(UnicodeError):
        value = value.encode("latin-1").decode("utf-8")
    return _UNUSABLE.sub("", value).strip()[:_LONGEST]


@cache
def _meta_key(name: str) -> str:
    """The key of a header in the request's META. Names are constants."""
    return "HTTP_" + name.upper().replace("-", "_")


def user_context(request: HttpRequest) -> dict[str, str]:
    """The USER-CONTEXT headers by name: the user behind the calling system, for the audit."""
    given = {name: header_text(request, name) for name in _USER_CONTEXT}
    return {name: value for name, value in given.items() if value}


def country_code(request: HttpRequest) -> str:
    """Dial code of the call's national mobile numbers, digits only; "" if absent or invalid."""
    code = header_text(request, "X-CAP-CLIENT-COUNTRYCODE").removeprefix("+").removeprefix("00")
    return code if _DIAL_CODE.fullmatch(code) else ""


def language(request: HttpRequest) -> str:
    """The `language` header (an ISO code, as sent); "" if absent or invalid."""
    code = header_text(request, "language")
    return code if _LANGUAGE.fullmatch(code) else ""


def is_replay(request: HttpRequest) -> bool:
    """True if customers are stored now and their loyalty events follow later (X-CAP-DIRECT-REPLAY)."""
    return header_text(request, "X-CAP-DIRECT-REPLAY").lower() in {"true", "1"}


def idempotency_key(request: HttpRequest) -> str:
    """The Idempotency-Key; "" if none was sent (docs/protocol.md 1.10).

    Raises `RequestRefusedError` 400 unless it has 1 to 255 visible ASCII characters.
    """
    sent = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if sent is None:
        return ""
    key = str(sent).strip()
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise RequestRefusedError(400, Code.INVALID_INPUT)
    return key
