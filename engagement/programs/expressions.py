"""Expressions of a `match`, such as "(1 AND 2) OR 3": the positions they name. AND binds more tightly than OR."""

import re
from typing import Final

_TOKEN: Final = re.compile(r"\s*(?:(\d{1,4})|(\()|(\))|(AND|OR)\b)", re.IGNORECASE)
_MAX_LENGTH: Final = 500
_MAX_ALTERNATIVES: Final = 100
_BINDS: Final = {")": 0, "OR": 1, "AND": 2}
Alternatives = tuple[frozenset[int], ...]


def positions_of(expression: str) -> set[int]:
    """The positions (from 1) that the expression names. Raises `ValueError`, with a sentence, if it is not well formed."""
    if len(expression) > _MAX_LENGTH:
        raise ValueError(f"must be at most {_MAX_LENGTH} characters")
    return _Parser(_tokens(expression)).positions()


def alternatives_of(expression: str) -> Alternatives:
    """The sets of positions of which one must hold as a whole: "(1 AND 2) OR 3" is ({1, 2}, {3}).

    Raises `ValueError`, with a sentence, if the expression is not well formed or has too many alternatives.
    """
    positions_of(expression)
    values: list[Alternatives] = []
    operators: list[str] = []
    for word in _tokens(expression):
        if word.isdigit():
            values.append((frozenset({int(word)}),))
            continue
        if word == "(":
            operators.append(word)
            continue
        # A closing bracket, and an operator that binds as tightly or less, ends what is open.
        while operators and operators[-1] != "(" and _BINDS[word] <= _BINDS[operators[-1]]:
            _combine(operators.pop(), values)
        if word == ")":
            operators.pop()
        else:
            operators.append(word)
    while operators:
        _combine(operators.pop(), values)
    return values[0]


def _combine(operator: str, values: list[Alternatives]) -> None:
    right, left = values.pop(), values.pop()
    combined = left + right if operator == "OR" else tuple(first | second for first in left for second in right)
    distinct = tuple(dict.fromkeys(combined))
    if len(distinct) > _MAX_ALTERNATIVES:
        raise ValueError(f"has more than {_MAX_ALTERNATIVES} alternatives")
    values.append(distinct)


def _tokens(expression: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    text = expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"cannot be read from {text[at:].strip()[:20]!r} on")
        tokens.append(match[0].strip().upper())
        at = match.end()
    return tokens


class _Parser:
    """Parser that alternates operands and operators and counts brackets. Without recursion, so depth is not a danger."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    def positions(self) -> set[int]:
        positions: set[int] = set()
        depth = 0
        operand_next = True
        for word in self._tokens:
            if operand_next and word == "(":
                depth += 1
            elif operand_next and word.isdigit():
                positions.add(int(word))
                operand_next = False
            elif not operand_next and word == ")" and depth:
                depth -= 1
            elif not operand_next and word in {"AND", "OR"}:
                operand_next = True
            else:
                raise ValueError(f"{word} is in the wrong place")
        if operand_next or depth:
            raise ValueError("ends too early")
        return positions
