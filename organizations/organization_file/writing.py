"""Writer of YAML text: short mappings and lists on one line, the rest in blocks.

Text is quoted if a reader of YAML 1.1 or 1.2 might take it for another type (`NO`, `1001`, `12:30`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.tag import Tag

from organizations.organization_file.reading import TEXT_TAG

LINE: Final = 120

_UNMISTAKABLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*( [A-Za-z0-9._/-]+)*")
_WORDS: Final = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null"})


def write_document(document: Mapping[str, Any]) -> str:
    """YAML text that reads as `document` (dict, list, str, bool, int, Decimal, date and None)."""
    yaml = YAML(typ="safe", pure=True)
    yaml.width = 10 * LINE
    text = StringIO()
    yaml.emit(_stream(document), text)
    return text.getvalue()


def _stream(document: Mapping[str, Any]) -> Iterator[Event]:
    yield StreamStartEvent()
    yield DocumentStartEvent(explicit=False)
    yield from _node(document, in_line=False)
    yield DocumentEndEvent(explicit=False)
    yield StreamEndEvent()


def _node(value: Any, *, in_line: bool) -> Iterator[Event]:
    if isinstance(value, Mapping):
        yield MappingStartEvent(anchor=None, tag=None, implicit=True, flow_style=in_line)
        for key, item in value.items():
            yield _scalar(key)
            yield from _node(item, in_line=in_line or _fits(item))
        yield MappingEndEvent()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield SequenceStartEvent(anchor=None, tag=None, implicit=True, flow_style=in_line)
        for item in value:
            yield from _node(item, in_line=in_line or _fits(item))
        yield SequenceEndEvent()
    else:
        yield _scalar(value)


def _fits(value: Any) -> bool:
    """True if the value is short enough for one line and not a list of mappings, which are easier to read in blocks."""
    if isinstance(value, Sequence) and any(isinstance(item, Mapping) for item in value):
        return False
    return len(str(value)) < LINE


def _scalar(value: Any) -> Event:
    text, style = _text_of(value)
    # The emitter reads the tag of empty text, though it never prints one.
    tag = None if style is None else Tag(suffix=TEXT_TAG)
    return ScalarEvent(anchor=None, tag=tag, implicit=(style is None, True), value=text, style=style)


def _text_of(value: Any) -> tuple[str, str | None]:
    if value is None:
        return "null", None
    if isinstance(value, bool):
        return ("true" if value else "false"), None
    if isinstance(value, Decimal):
        return format(value, "f"), None
    if isinstance(value, int | date):
        return str(value), None
    plain = _UNMISTAKABLE.fullmatch(value) and value.lower() not in _WORDS
    return value, None if plain else '"'
