"""Paging and order of lists, by parameters of the query (docs/protocol.md 4)."""

import re
from collections.abc import Mapping
from typing import Final

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError

LIMIT: Final = 10
MOST_ROWS: Final = 1000
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
_DIRECTIONS: Final = {"asc": "ASC", "desc": "DESC"}


def read_limit(query: Mapping[str, str], *names: str, default: int = LIMIT) -> int:
    """Rows of a page, by the first of `names` that is set: 0 is unset, the maximum is 1000. Raises `LoyaltyError` 400."""
    given = next((number for name in names if (number := read_number(query, name))), default)
    return min(given, MOST_ROWS)


def read_number(query: Mapping[str, str], name: str) -> int:
    """A parameter as a whole number (>= 0), 0 if it is not set. Raises `LoyaltyError` 400."""
    text = query.get(name, "")
    if text and not _DIGITS.fullmatch(text):
        raise LoyaltyError(Code.INVALID_INPUT)
    return int(text or 0)


def read_order(query: Mapping[str, str], columns: Mapping[str, str], *, of: str) -> str:
    """The order of the row `of`, in SQL, then by its id, by the parameters `sort` and `order`.

    `columns` has the column for each word of `sort`. Default: the first column, descending. `sort=asc` and `sort=desc` are
    directions (docs/protocol.md 4.6). Raises `LoyaltyError` 400 for any other word.
    """
    sort, direction = query.get("sort", "").lower(), query.get("order", "").lower()
    if sort in _DIRECTIONS:
        sort, direction = "", direction or sort
    column = columns.get(sort) if sort else next(iter(columns.values()))
    keyword = _DIRECTIONS.get(direction or "desc")
    if column is None or keyword is None:
        raise LoyaltyError(Code.INVALID_INPUT)
    return ", ".join(f"{of}.{name} {keyword}" for name in dict.fromkeys((column, "id")))
