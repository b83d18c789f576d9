"""Numbers of files: plain decimals, with a sentence that says how to write what is none (docs/imports.md)."""

import re
import unicodedata
from decimal import Decimal
from typing import Final

from loyalty_project.protocol.numbers import read_plain

_EXPONENT: Final = re.compile(r"([+-]?(?:\d+[.,]?\d*|[.,]\d+))[eE]([+-]?\d{1,3})", re.ASCII)
_SEPARATED: Final = re.compile(
    r"[+-]?\d{1,3}(?:[,.' \u00a0\u2009\u202f\u2019]\d{3})+(?:[.,]\d+)?|[+-]?\d+(?:_\d+)+(?:\.\d+)?", re.ASCII
)
_COMMA: Final = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_EXAMPLE: Final = "write digits with at most one point, like 1234.50"
# Digits of a number that a message writes out.
_MOST_WRITTEN: Final = 30


class NotPlainError(ValueError):
    """The text is not a plain decimal. The text of the error says what it has, and how to write it."""


def read_decimal(text: str) -> Decimal:
    """The number that a text without surrounding blanks is: digits 0 to 9, a sign, a point. Raises `NotPlainError`."""
    number = read_plain(text)
    if number is None:
        raise NotPlainError(_explanation(text))
    return number


def has_decimals(number: Decimal, at_most: int) -> bool:
    """True if the number has no more decimals than these, zeros at its end aside."""
    return len(format(number, "f").partition(".")[2].rstrip("0")) <= at_most


def _explanation(text: str) -> str:
    narrow = "".join(str(unicodedata.digit(character, character)) for character in text[:_MOST_WRITTEN])
    if narrow != text[:_MOST_WRITTEN]:
        return f"has other digits than 0 to 9; {_instead(narrow)}"
    if exponent := _EXPONENT.fullmatch(text):
        number = Decimal(exponent[1].replace(",", ".")).scaleb(int(exponent[2]))
        return f"has an exponent; {_instead(format(number, 'f'))}"
    if _SEPARATED.fullmatch(text):
        return f"has a thousands separator; {_instead(_without_separators(text))}"
    if _COMMA.fullmatch(text):
        return f"has a decimal comma; {_instead(text.replace(',', '.'))}"
    return f"is not a plain number; {_EXAMPLE}"


def _instead(number: str) -> str:
    """How to write it, if that is known and short."""
    return f"write {number}" if len(number) <= _MOST_WRITTEN and read_plain(number) is not None else _EXAMPLE


def _without_separators(text: str) -> str:
    """The number without the separators between its groups of three; the last point or comma may be that of decimals."""
    if "_" in text:
        return text.replace("_", "")
    groups = re.split(r"[^\d+-]", text)
    separators = re.findall(r"[^\d+-]", text)
    is_decimal = len(set(separators)) > 1 or len(groups[-1]) != 3
    return f"{''.join(groups[:-1])}.{groups[-1]}" if is_decimal else "".join(groups)
