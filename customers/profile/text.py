"""Text of names and searches: pure functions (docs/protocol.md 2.2)."""

import unicodedata

NAME_LENGTH = 100
# Longest text that is folded, in characters. No stored text that is compared without case is longer.
MOST_FOLDED = 2000
# Length to which folded text is cut. Searched text is shorter, so that a cut text never equals a searched one.
FOLDED_LENGTH = 300
# Normalization joins up to four characters into one (a Greek letter with three marks).
_MOST_JOINED = 4
# The Stream-Safe Text Format of Unicode (UAX 15) has runs of at most so many marks.
_MOST_MARKS = 30
# Characters of combining class 0 that normalization replaces by marks of other classes.
_MARKS_OF_CLASS_0 = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
_NAME_CATEGORIES = ("L", "M", "N")
_NAME_EXTRA = frozenset(" -'\u2019")


class TextTooLongError(ValueError):
    """The text is longer than any that is folded."""


def fold(text: str) -> str:
    """Text folded for comparison without case, the same on every database, in time that grows with its length only.

    Of a run of marks on one letter the first thirty count. Raises `TextTooLongError` above 2,000 characters.
    """
    if len(text) > MOST_FOLDED:
        raise TextTooLongError
    return unicodedata.normalize("NFKC", _with_few_marks(text)).casefold()


def fold_given(text: str) -> str | None:
    """The folded text of a caller; None if it is too long to equal any stored text."""
    return fold(text) if len(text) <= MOST_FOLDED else None


def search_form(text: str) -> str:
    """Folded text as it is stored for searches: at most 300 characters."""
    return fold(text[: FOLDED_LENGTH * _MOST_JOINED])[:FOLDED_LENGTH]


def _with_few_marks(text: str) -> str:
    """The text without the marks of a run after the thirtieth: the time of sorting a run grows with its square."""
    if len(text) <= _MOST_MARKS or text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) or character in _MARKS_OF_CLASS_0 else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


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
