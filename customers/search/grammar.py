r"""The query language of searches: conditions of attribute, operator and values. Pure functions (docs/protocol.md 4.4).

    q          =  condition  |  "(" condition ")" { "&" "(" condition ")" }
    condition  =  attribute ":" operator ":" value { ";" value }  |  attribute ":" value

A backslash escapes the next character: `\)`, `\;`, `\\`. Only the first two colons separate, so that a value
may contain colons. Blanks around attributes, operators and parentheses are ignored; values keep theirs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import unquote_to_bytes

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import has_unusable_text

MOST_CHARACTERS: Final = 10_000
MOST_CONDITIONS: Final = 20
MOST_VALUES: Final = 100
_PARAMETER: Final = re.compile(r"\s*q\s*=(.*)", re.DOTALL)
# An escaped character, a separator, or other text.
_TOKEN: Final = re.compile(r"\\(.)|([():;&])|([^\\():;&]+)", re.DOTALL)


class Operator(StrEnum):
    """Comparison of an attribute with values."""

    EXACT = "EXACT"
    EQUALS = "EQUALS"
    STARTS = "STARTS"
    ENDS = "ENDS"
    IN = "IN"
    LESS = "LESS"
    GREATER = "GREATER"
    RANGE = "RANGE"
    ON = "ON"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. IN has at least one value, RANGE two, other operators one; no value is empty."""

    attribute: str
    operator: Operator
    values: tuple[str, ...]

    @property
    def value(self) -> str:
        """The value of an operator that takes one."""
        return self.values[0]


def raw_search(query_string: str) -> str:
    """The `q` of a raw query string, decoded; "" without one. The last of several counts.

    A plain `&` inside of it splits the query string: parts that start with a parenthesis, or follow an open one, are joined.
    """
    search: list[str] = []
    length = opened = 0
    for piece in query_string.encode("latin-1", errors="replace").replace(b"+", b" ").split(b"&"):
        text = unquote_to_bytes(piece).decode(errors="replace")
        if parameter := _PARAMETER.fullmatch(text):
            search, length, opened = [parameter[1]], len(parameter[1]), _opened(parameter[1])
        elif 0 < length <= MOST_CHARACTERS and (text.lstrip().startswith("(") or opened > 0):
            search.append(text)
            length += len(text) + 1
            opened += _opened(text)
    return "&".join(search)


def read_search(text: str) -> list[Condition]:
    """The conditions of a search; all must hold. Raises `LoyaltyError` 400 for an unreadable or too long search."""
    if len(text) > MOST_CHARACTERS or has_unusable_text(text):
        raise _invalid_search()
    tokens = list(_tokens(text.strip()))
    conditions = [_condition(part) for part in _parts(tokens)]
    if len(conditions) > MOST_CONDITIONS or sum(len(condition.values) for condition in conditions) > MOST_VALUES:
        raise _invalid_search()
    return conditions


@dataclass(frozen=True, slots=True)
class _Token:
    """Text, or a separating character (`is_mark`)."""

    text: str
    is_mark: bool

    def is_a(self, mark: str) -> bool:
        return self.is_mark and self.text == mark


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:  # a backslash at the end
            raise _invalid_search()
        escaped, mark, plain = match.groups()
        yield _Token(mark or escaped or plain, is_mark=mark is not None)
        position = match.end()


def _opened(text: str) -> int:
    """The parentheses of the text that are not closed."""
    marks = re.sub(r"\\.", "", text, flags=re.DOTALL)
    return marks.count("(") - marks.count(")")


def _parts(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """The tokens of each condition. A single condition needs no parentheses."""
    if tokens and not tokens[0].is_a("("):
        yield tokens
        return
    rest = tokens
    while True:
        end = next((index for index, token in enumerate(rest) if token.is_a(")")), None)
        if end is None or not rest[0].is_a("("):
            raise _invalid_search()
        yield rest[1:end]
        rest = _without_blanks(rest[end + 1 :])
        if not rest:
            return
        if not rest[0].is_a("&"):
            raise _invalid_search()
        rest = _without_blanks(rest[1:])


def _without_blanks(tokens: list[_Token]) -> list[_Token]:
    return tokens[1:] if tokens and not tokens[0].is_mark and not tokens[0].text.strip() else tokens


def _condition(tokens: list[_Token]) -> Condition:
    if any(token.is_a(parenthesis) for token in tokens for parenthesis in "()"):
        raise _invalid_search()
    attribute, *rest = _split(tokens, ":", times=2)
    if len(rest) == 1:
        operator, values = Operator.EQUALS, rest[0]
    elif len(rest) == 2:
        name, values = _joined(rest[0]).strip().upper(), rest[1]
        if name not in Operator.__members__:
            raise _invalid_search()
        operator = Operator(name)
    else:
        raise _invalid_search()
    read = Condition(_joined(attribute).strip(), operator, tuple(map(_joined, _split(values, ";"))))
    expected = {Operator.IN: len(read.values), Operator.RANGE: 2}.get(operator, 1)
    if not read.attribute or len(read.values) != expected or not all(read.values):
        raise _invalid_search()
    return read


def _split(tokens: list[_Token], mark: str, *, times: int = MOST_CHARACTERS) -> list[list[_Token]]:
    """The tokens split at a separator, at most so many times."""
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token.is_a(mark) and len(parts) <= times:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _joined(tokens: list[_Token]) -> str:
    return "".join(token.text for token in tokens)


def _invalid_search() -> LoyaltyError:
    return LoyaltyError(Code.INVALID_INPUT)
