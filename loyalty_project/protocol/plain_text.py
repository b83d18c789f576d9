"""Plain text as people see it: without invisible characters, on one line. Pure functions."""

import unicodedata
from typing import Final

# Zero-width joiner and non-joiner: spelling needs them, for example in Persian and Sinhala.
JOINERS: Final = frozenset("\u200c\u200d")


def is_invisible(character: str) -> bool:
    """True for a format character (Unicode Cf) that spelling does not need, such as a direction override."""
    return character not in JOINERS and unicodedata.category(character) == "Cf"


def visible(text: str) -> str:
    """The text without invisible characters."""
    return text if text.isascii() else "".join(character for character in text if not is_invisible(character))


def one_line(text: str) -> str:
    """The text on one line, trimmed: without invisible characters, every run of blanks and control characters one space."""
    spaced = "".join(" " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character for character in visible(text))
    return " ".join(spaced.split())
