"""Values of a parsed request: a tree of dicts, lists and text, the same for JSON and XML (docs/protocol.md 1.3).

Numbers keep the digits they were written with; booleans are "true" and "false". Blank text, an empty tag and null mean "not
supplied".
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError

Value = Any  # None, str, list[Value] or dict[str, Value]
Item = dict[str, Value]

# Rows that a list inside an item may have (docs/protocol.md 1.10).
MOST_ROWS: Final = 100
_ON = {"true", "1"}
_NO_TEXT: Final = (dict, list)
# Every number of so many digits fits a column.
_ID_DIGITS = 18
# NUL and lone surrogates: PostgreSQL and UTF-8 cannot hold them.
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


def has_unusable_text(value: Value) -> bool:
    """True if the tree, keys included, contains a NUL character or a lone surrogate (docs/protocol.md 1.10)."""
    if isinstance(value, str):
        return _UNUSABLE.search(value) is not None
    if isinstance(value, dict):
        for key, part in value.items():
            if has_unusable_text(key) or has_unusable_text(part):
                return True
    elif isinstance(value, list):
        for part in value:
            if has_unusable_text(part):
                return True
    return False


def text(item: Mapping[str, Value], *keys: str) -> str:
    """The trimmed text under the first of `keys` that is supplied, else "". Empty objects and lists are not supplied.

    Raises `LoyaltyError` 400 for an object or a list instead of text (docs/protocol.md 5).
    """
    for key in keys:
        value = item.get(key)
        if isinstance(value, str):
            if trimmed := value.strip():
                return trimmed
        elif value and isinstance(value, _NO_TEXT):
            raise LoyaltyError(Code.INVALID_INPUT)
    return ""


def optional(item: Mapping[str, Value], *keys: str) -> str:
    """Like `text`, but "0" is not supplied either (docs/protocol.md 7: unset optional fields)."""
    value = text(item, *keys)
    return "" if value == "0" else value


def is_on(query: Mapping[str, str], flag: str, *, default: bool = False) -> bool:
    """True if a flag of a query is `true` or `1`, ignoring case; `default` if it is blank or absent (docs/protocol.md 1.9)."""
    given = query.get(flag)
    return given.lower() in _ON if given else default


def read_id(given: str) -> int:
    """The id that a text is; 0, which no row has, for other text."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _ID_DIGITS else 0


def child(item: Item, key: str) -> Item:
    """The object under `key`, or the first of a list there; empty if there is none."""
    value = item.get(key)
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else {}


def as_list(value: Value) -> list[Value]:
    """The list that a list, a single value or nothing stands for (docs/protocol.md 1.3)."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def rows(item: Item, container: str, singular: str, *, most: int = MOST_ROWS) -> list[Item]:
    """The objects of `container.singular[]`: wrapped, as a bare list, or a single one. Other values are left out.

    Raises `LoyaltyError` 400 for more than `most` entries: what an item writes is bounded (docs/protocol.md 1.10).
    """
    value = item.get(container)
    if value is None:
        return []
    if isinstance(value, dict) and (singular in value or not value):
        value = value.get(singular)
    listed = as_list(value)
    if len(listed) > most:
        raise LoyaltyError(Code.INVALID_INPUT)
    return [row for row in listed if isinstance(row, dict)]
