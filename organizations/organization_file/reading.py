"""Reader of YAML 1.2 (`NO` is Norway): one document, each key once, numbers as exact decimals.

Built on the parser's events, so that only plain data can result: no tags, no merge keys, and bounds on depth and size that
count what aliases repeat.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from organizations.organization_file.problems import OrganizationFileError, Problem, below

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_DEPTH: Final = 30
MAX_VALUES: Final = 300_000
MAX_DIGITS: Final = 40
TEXT_TAG: Final = "tag:yaml.org,2002:str"

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o([0-7]+)")
_HEXADECIMAL: Final = re.compile(r"0x([0-9a-fA-F]+)")
_DECIMAL: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NO_CHARACTER: Final = re.compile("[\x00\ud800-\udfff]")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_document(content: bytes) -> Any:
    """The values of the YAML document in `content`: None, bool, int, Decimal, date, str, list, and dict with text keys.

    Raises `OrganizationFileError`, with the path as far as it is known, for anything else.
    """
    if len(content) > MAX_BYTES:
        raise _error("", f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error("", f"the file is not UTF-8 text (byte {error.start + 1})") from None
    try:
        return _Reader(YAML(typ="safe", pure=True).parse(text)).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" (line {mark.line + 1})" if mark else ""
        raise _error("", f"this is no YAML: {error.problem or error.context}{line}") from None
    except YAMLError as error:
        raise _error("", f"this is no YAML: {' '.join(str(error).split())}") from None


def _error(path: str, message: str, event: Event | None = None) -> OrganizationFileError:
    line = f" (line {event.start_mark.line + 1})" if event is not None else ""
    return OrganizationFileError([Problem(path, message + line)])


class _Reader:
    """Builder of values from parser events. Aliased values are shared, not copied; `_size` counts every occurrence."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._anchored: dict[str, tuple[Any, int]] = {}
        self._size = 0

    def document(self) -> Any:
        value = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                value = self._value(next(self._events), "", 0)
                next(self._events)  # the document's end
                break
        rest = next(self._events, None)
        if rest is not None and not isinstance(rest, StreamEndEvent | StreamStartEvent):
            raise _error("", "a second document begins", rest)
        return value

    def _value(self, event: Event, path: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _error(path, f"nested deeper than {MAX_DEPTH}", event)
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchored:
                raise _error(path, f"*{event.anchor} stands for nothing before it", event)
            value, size = self._anchored[event.anchor]
            self._count(size, path, event)
            return value
        before = self._size
        self._count(1, path, event)
        if isinstance(event, MappingStartEvent):
            value = self._mapping(event, path, depth)
        elif isinstance(event, SequenceStartEvent):
            value = self._sequence(event, path, depth)
        else:
            value = _scalar(event, path)
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._anchored[event.anchor] = (value, self._size - before)
        return value

    def _count(self, size: int, path: str, event: Event) -> None:
        self._size += size
        if self._size > MAX_VALUES:
            raise _error(path, f"the document holds more than {MAX_VALUES} values, with what its aliases repeat", event)

    def _mapping(self, start: MappingStartEvent, path: str, depth: int) -> dict[str, Any]:
        _refuse_tag(start, path)
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._value(event, path, depth + 1)
            if not isinstance(key, str):
                raise _error(path, "a key must be text; put it in quotes", event)
            if key in mapping:
                raise _error(below(path, key), "stands here twice", event)
            mapping[key] = self._value(next(self._events), below(path, key), depth + 1)
        return mapping

    def _sequence(self, start: SequenceStartEvent, path: str, depth: int) -> list[Any]:
        _refuse_tag(start, path)
        values: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            values.append(self._value(event, f"{path}[{len(values)}]", depth + 1))
        return values


def _refuse_tag(event: Any, path: str) -> None:
    if event.tag is not None:
        raise _error(path, f"the tag {event.tag} is not understood", event)


def _scalar(event: Any, path: str) -> Any:
    if _NO_CHARACTER.search(event.value):
        raise _error(path, "NUL and lone surrogates are no text", event)
    if event.tag == TEXT_TAG or event.style is not None:
        if event.tag not in {None, "!", TEXT_TAG}:
            _refuse_tag(event, path)
        return event.value
    _refuse_tag(event, path)
    try:
        return _plain(event.value)
    except ValueError as error:
        raise _error(path, str(error), event) from None


def _plain(text: str) -> Any:
    """The value of an unquoted scalar in YAML 1.2's core schema, extended by dates."""
    if text in _WORDS:
        return _WORDS[text]
    for form, base in ((_WHOLE, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if match := form.fullmatch(text):
            _refuse_long(text)
            return int(match[match.lastindex or 0], base)
    if _DECIMAL.fullmatch(text):
        _refuse_long(text)
        return Decimal(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("a number must be finite")
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"there is no day {text}") from None
    return text


def _refuse_long(text: str) -> None:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number may have {MAX_DIGITS} digits; put longer text in quotes")
