"""Text of names and searches: pure functions (docs/protocol.md 2.2)."""

import unicodedata

NAME_LENGTH = 100
# Length to which folded text is cut. Searched text is shorter, so that a cut text never equals a searched one.
FOLDED_LENGTH = 300
_NAME_CATEGORIES = ("L", "M", "N")
_NAME_EXTRA = frozenset(" -'\u2019")


def fold(text: str) -> str:
    """Text folded for comparison without case, the same on every database."""
    return unicodedata.normalize("NFKC", text).casefold()


def search_form(text: str) -> str:
    """Folded text as it is stored for searches: at most 300 characters."""
    return fold(text)[:FOLDED_LENGTH]


def is_plain(text: str, length: int) -> bool:
    """True if the text has at most `length` characters and no control character."""
    return len(text) <= length and not any(unicodedata.category(character) == "Cc" for character in text)


def read_name(text: str) -> tuple[str, bool]:
    """The name without characters that are not allowed in names, cut to 100; and True if nothing was dropped."""
    kept = "".join(
        character for character in text if character in _NAME_EXTRA or unicodedata.category(character)[0] in _NAME_CATEGORIES
    )
    name = kept.strip()[:NAME_LENGTH].rstrip()
    return name, name == text.strip()
