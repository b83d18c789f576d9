"""How does an answer become bytes? JSON and XML from one tree of dict, list, str, int, Decimal and None (docs/protocol.md 1.4).

Booleans and floats are bugs of the caller and raise: the protocol says "true" and "false", and figures are exact.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import orjson
from rest_framework.renderers import BaseRenderer

from loyalty_project.api.formats import Format
from loyalty_project.protocol.numbers import plain_digits

# Lists that stand without a container in JSON; in XML their key is the container and the child has this name.
BARE_LISTS: Final = {
    "identifiers": "identifier",
    "notes": "note",
    "user_groups2": "user_group2",
    "reversals": "reversal",
    "redemption_breakup_by_program": "program",
    "reversal_breakup_by_program": "program",
    "orgUnitSubscriptions": "orgUnitSubscription",
    "coupons": "coupon",
    "card_details": "card",
}

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REPLACEMENT = "\ufffd"


class _WireRenderer(BaseRenderer):
    charset = "utf-8"

    def render(
        self, data: Any, _accepted_media_type: str | None = None, _renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """The bytes of the answer's tree."""
        return render(data, Format(self.format or ""))


class JSONRenderer(_WireRenderer):
    """`application/json; charset=utf-8`."""

    media_type = "application/json"
    format = "json"


class XMLRenderer(_WireRenderer):
    """`application/xml; charset=utf-8`; the tree has one key, the root tag."""

    media_type = "application/xml"
    format = "xml"


CONTENT_TYPES: Final = {one.format: f"{one.media_type}; charset={one.charset}" for one in (JSONRenderer, XMLRenderer)}


def render(tree: Any, wanted: Format) -> bytes:
    """The tree as bytes. Raises TypeError or ValueError for what no answer may hold; text never raises."""
    return to_xml(tree) if wanted is Format.XML else to_json(tree)


def to_json(tree: Any) -> bytes:
    """The tree as JSON; decimals are plain numbers, without a point when whole. Lone surrogates become U+FFFD."""
    _check(tree)
    try:
        return orjson.dumps(tree, default=_number)
    except orjson.JSONEncodeError:
        return orjson.dumps(_without_surrogates(tree), default=_number)


def to_xml(tree: Any) -> bytes:
    """The tree as XML: its only key is the root tag. What XML 1.0 cannot hold becomes U+FFFD."""
    if not isinstance(tree, dict) or len(tree) != 1 or isinstance(next(iter(tree.values())), list):
        raise ValueError("an XML answer has exactly one root")
    parts = [_DECLARATION]
    ((name, value),) = tree.items()
    _write(parts, name, value)
    return "".join(parts).encode()


def _write(parts: list[str], name: str, value: Any) -> None:
    """Append the tag `name` with its content."""
    if not _is_name(name):
        raise ValueError(f"{name!r} is no name of a tag")
    if isinstance(value, dict) and value:
        parts.append(f"<{name}>")
        for key, one in value.items():
            if isinstance(one, list):
                _write_list(parts, key, one)
            else:
                _write(parts, key, one)
        parts.append(f"</{name}>")
    elif value is None or value in ("", {}):
        parts.append(f"<{name}/>")
    else:
        parts.append(f"<{name}>{_text(value)}</{name}>")


def _write_list(parts: list[str], key: str, rows: list[Any]) -> None:
    if not rows:
        _write(parts, key, None)
    elif key in BARE_LISTS:
        parts.append(f"<{key}>")
        for row in rows:
            _write(parts, BARE_LISTS[key], row)
        parts.append(f"</{key}>")
    else:
        for row in rows:
            _write(parts, key, row)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return _ESCAPED.sub(_escape, value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Decimal):
        return plain_digits(value)
    raise TypeError(f"{type(value).__name__} in an answer")


def _escape(found: re.Match[str]) -> str:
    # A parser reads a bare carriage return as a line feed.
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}.get(found[0], _REPLACEMENT)


@lru_cache(maxsize=4096)
def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(plain_digits(value))
    raise TypeError(f"{type(value).__name__} in an answer")


def _check(value: Any) -> None:
    """orjson writes booleans and floats happily; here they are refused."""
    if isinstance(value, dict):
        for one in value.values():
            if type(one) is not str:
                _check(one)
    elif isinstance(value, list):
        for one in value:
            if type(one) is not str:
                _check(one)
    elif isinstance(value, bool | float):
        raise TypeError(f"{type(value).__name__} in an answer")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(_REPLACEMENT, value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(one) for one in value]
    return value
