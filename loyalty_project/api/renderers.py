"""Renderers: the bytes of an answer in JSON or XML, from the same tree (docs/protocol.md 1.4; types: `protocol.json_text`)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from rest_framework.renderers import BaseRenderer

from loyalty_project.api.formats import Format
from loyalty_project.protocol.json_text import REPLACEMENT, to_json
from loyalty_project.protocol.numbers import plain_digits

# Lists without a container in JSON. In XML their key is the container and each child has this name.
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
_ESCAPED = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


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
    """`application/xml; charset=utf-8`; the tree has a single key, the root tag."""

    media_type = "application/xml"
    format = "xml"


CONTENT_TYPES: Final = {
    renderer.format: f"{renderer.media_type}; charset={renderer.charset}" for renderer in (JSONRenderer, XMLRenderer)
}


def render(tree: Any, wanted: Format) -> bytes:
    """The tree as bytes. Raises TypeError or ValueError for types that no answer may hold; no text raises."""
    return to_xml(tree) if wanted is Format.XML else to_json(tree)


def to_xml(tree: Any) -> bytes:
    """The tree as XML: its only key is the root tag. Characters that XML 1.0 cannot hold become U+FFFD."""
    if not isinstance(tree, dict) or len(tree) != 1 or isinstance(next(iter(tree.values())), list):
        raise ValueError("an XML answer has exactly one root")
    parts = [_DECLARATION]
    ((name, value),) = tree.items()
    _write(parts, name, value)
    return "".join(parts).encode()


def _write(parts: list[str], name: str, value: Any) -> None:
    """Append the tag `name` with its content."""
    opening, closing, empty = _tags(name)
    if isinstance(value, dict) and value:
        parts.append(opening)
        for key, child in value.items():
            # Most children are text.
            if type(child) is str and child:
                start, end, _ = _tags(key)
                parts.append(f"{start}{_ESCAPED.sub(_escape, child) if _ESCAPED.search(child) else child}{end}")
            elif isinstance(child, list):
                _write_list(parts, key, child)
            else:
                _write(parts, key, child)
        parts.append(closing)
    elif value is None or value in ("", {}):
        parts.append(empty)
    else:
        parts.append(f"{opening}{_text(value)}{closing}")


def _write_list(parts: list[str], key: str, rows: list[Any]) -> None:
    """Append the rows of a list, in their container if the list is a bare one."""
    if not rows:
        parts.append(_tags(key)[2])
    elif key in BARE_LISTS:
        opening, closing, _ = _tags(key)
        parts.append(opening)
        for row in rows:
            _write(parts, BARE_LISTS[key], row)
        parts.append(closing)
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


def _escape(match: re.Match[str]) -> str:
    # A parser reads a bare carriage return as a line feed.
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}.get(match[0], REPLACEMENT)


@lru_cache(maxsize=4096)
def _tags(name: str) -> tuple[str, str, str]:
    """The opening, the closing and the empty tag. Raises ValueError for what is not the name of a tag."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a tag name")
    return f"<{name}>", f"</{name}>", f"<{name}/>"
