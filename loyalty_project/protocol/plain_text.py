"""Plain text as people see it, and ids and codes that are matched. Pure functions (docs/protocol.md 2.2)."""

import sys
import unicodedata
from functools import cache
from typing import Final

# Zero-width joiner and non-joiner: spelling needs them, for example in Persian and Sinhala.
JOINERS: Final = frozenset("\u200c\u200d")

_LONGEST_CODE: Final = 1000


def visible(text: str) -> str:
    """The text without invisible characters (Unicode Cf), such as direction overrides, but for the joiners of spelling."""
    return text if text.isascii() else text.translate(_invisible(but=JOINERS))


def one_line(text: str) -> str:
    """The text on one line, trimmed: without invisible characters, every run of blanks and control characters one space."""
    spaced = "".join(" " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character for character in visible(text))
    return " ".join(spaced.split())


def read_code(text: str) -> str:
    """An id, number, code or reference in canonical form: without invisible characters and surrounding blanks.

    Text above 1,000 characters stays as it is; callers refuse it by its length.
    """
    return without_invisible(text).strip() if len(text) <= _LONGEST_CODE else text


def without_invisible(text: str) -> str:
    """The text without invisible characters, joiners included."""
    return text if text.isascii() else text.translate(_invisible())


def trim(text: str) -> str:
    """The text without blanks and invisible characters around it. Those inside of it stay."""
    return text.strip() if text.isascii() else text.strip(_blank_or_invisible())


def is_plain(text: str, length: int) -> bool:
    """True if the text has at most `length` characters and no control character."""
    return len(text) <= length and not any(unicodedata.category(character) == "Cc" for character in text)


@cache
def _invisible(*, but: frozenset[str] = frozenset()) -> dict[int, None]:
    characters = (code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Cf")
    return dict.fromkeys(code for code in characters if chr(code) not in but)


@cache
def _blank_or_invisible() -> str:
    blanks = "".join(filter(str.isspace, map(chr, range(sys.maxunicode + 1))))
    return blanks + "".join(map(chr, _invisible()))
