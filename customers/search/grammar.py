r"""What does the `q` of a search say? Conditions of attribute, operator and values; pure, no database (docs/protocol.md 4.4).

    q          =  condition  |  "(" condition ")" { "&" "(" condition ")" }
    condition  =  attribute ":" operator ":" value { ";" value }  |  attribute ":" value

A backslash takes the character behind it for what it is: `\)`, `\;`, `\\`. Only the first two colons separate, so that a value
needs no escape for its own. Blanks around attributes, operators and parentheses count for nothing, values keep theirs.
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
# An escaped character, a mark, or text without any.
_TOKEN: Final = re.compile(r"\\(.)|([():;&])|([^\\():;&]+)", re.DOTALL)


class Operator(StrEnum):
    """How an attribute is compared."""

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
    """One condition, as it was asked: at least one value, none of them empty; RANGE has two, all but IN have one."""

    attribute: str
    operator: Operator
    values: tuple[str, ...]

    @property
    def value(self) -> str:
        """The value of an operator that takes one."""
        return self.values[0]


def raw_search(query_string: str) -> str:
    """The `q` of a raw query string, decoded; "" without one. Of repeated ones the last counts.

    A plain `&` inside of it split the query: what begins with a parenthesis, or stands inside of one that is open, is joined
    again.
    """
    found = ""
    for piece in query_string.encode("latin-1", errors="replace").replace(b"+", b" ").split(b"&"):
        text = unquote_to_bytes(piece).decode(errors="replace")
        if parameter := _PARAMETER.fullmatch(text):
            found = parameter[1]
        elif 0 < len(found) <= MOST_CHARACTERS and (text.lstrip().startswith("(") or _is_open(found)):
            found += f"&{text}"
    return found


def read_search(text: str) -> list[Condition]:
    """The conditions of a search, which all must hold. Raises `LoyaltyError` 400 for what cannot be read, or is too much."""
    if len(text) > MOST_CHARACTERS or has_unusable_text(text):
        raise _invalid_search()
    tokens = list(_tokens(text.strip()))
    conditions = [_condition(part) for part in _parts(tokens)]
    if len(conditions) > MOST_CONDITIONS or sum(len(one.values) for one in conditions) > MOST_VALUES:
        raise _invalid_search()
    return conditions


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of text, or (`is_mark`) one of the characters that separate."""

    text: str
    is_mark: bool

    def is_a(self, mark: str) -> bool:
        return self.is_mark and self.text == mark


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:  # a backslash at the end
            raise _invalid_search()
        escaped, mark, plain = found.groups()
        yield _Token(mark or escaped or plain, is_mark=mark is not None)
        place = found.end()


def _is_open(text: str) -> bool:
    """Whether a parenthesis of the text still waits for its end."""
    marks = re.sub(r"\\.", "", text, flags=re.DOTALL)
    return marks.count("(") > marks.count(")")


def _parts(tokens: list[_Token]) -> Iterator[list[_Token]]:
    """The conditions between the parentheses; one alone may stand without them."""
    if tokens and not tokens[0].is_a("("):
        yield tokens
        return
    rest = tokens
    while True:
        end = next((place for place, token in enumerate(rest) if token.is_a(")")), None)
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
    """The tokens between the first so many marks of this kind."""
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
