"""Numbers as text: read strictly, and printed as JSON and XML print them."""

import re
from decimal import Decimal
from typing import Final

_PLAIN: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_WITH_EXPONENT: Final = re.compile(rf"{_PLAIN.pattern}(?:[eE][+-]?\d{{1,3}})?", re.ASCII)


def read_plain(text: str, *, with_exponent: bool = False) -> Decimal | None:
    """The number that a text is: a sign, digits 0 to 9, a point; None for other text, which Python's own readers may accept.

    `with_exponent` admits the exponent that a JSON number may have.
    """
    return Decimal(text) if (_WITH_EXPONENT if with_exponent else _PLAIN).fullmatch(text) else None


def read_whole(text: str) -> int | None:
    """The whole number that a text is: a sign and at most 18 digits 0 to 9; None for other text, which `int` may accept."""
    return int(text) if _WHOLE.fullmatch(text) else None


def plain_digits(value: Decimal) -> str:
    """The decimal without exponent and trailing zeros."""
    if not value.is_finite():
        raise ValueError("a figure of an answer is not finite")
    digits = format(value, "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits
