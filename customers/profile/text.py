"""Text of names and searches: pure functions, linear in the text (docs/protocol.md 2.2, 7)."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Final

from loyalty_project.protocol.plain_text import without_invisible

NAME_LENGTH = 100
# Longest text that is folded, in characters. No stored text that is compared without case is longer.
MOST_FOLDED = 2000
# Length to which folded text is cut. Searched text is shorter, so that a cut text never equals a searched one.
FOLDED_LENGTH = 300
# Normalization joins up to four characters into one (a Greek letter with three marks).
_MOST_JOINED: Final = 4
# Most characters of a name that are read: enough for one of 100 letters, each with marks.
_MOST_READ: Final = 1000
# The Stream-Safe Text Format of Unicode (UAX 15) has runs of at most so many marks.
_MOST_MARKS: Final = 30
# Characters of combining class 0 that normalization replaces by marks of other classes.
_MARKS_OF_CLASS_0: Final = frozenset("\u0f73\u0f75\u0f81\uff9e\uff9f")
# A name that is in canonical form.
_SIMPLE: Final = re.compile(r"[A-Za-z0-9'.-]+(?: [A-Za-z0-9'.-]+)*")
_BLANKS: Final = re.compile(" {2,}")
_APOSTROPHES: Final = frozenset("\u2018\u2019\u201b\u02bb\u02bc\u02bd\u2032\uff07`\u00b4")
# Hyphens and minus signs that Unicode does not count among the dashes (Pd).
_HYPHENS: Final = frozenset("\u2043\u2212")
# What stands between words instead of a blank.
_SEPARATORS: Final = frozenset("/\\|,;&+_\u00b7\u2022\u2026\u2027\u30fb")
# Letters and marks that are never seen: fillers and the grapheme joiner.
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_JOINERS: Final = frozenset("\u200c\u200d")
_JOINER_RUN: Final = re.compile("([\u200c\u200d])[\u200c\u200d]+")
_VIRAMA: Final = 9  # canonical combining class
# Scripts that spell with joiners: Arabic to Sinhala, Tibetan and Myanmar, Khmer and Mongolian, and their later blocks.
_JOINING_SCRIPTS: Final = (
    (0x0600, 0x0DFF),
    (0x0F00, 0x109F),
    (0x1780, 0x18AF),
    (0x1A00, 0x1CFF),
    (0xA800, 0xABFF),
    (0xFB50, 0xFDFF),
    (0xFE70, 0xFEFC),
    (0x10A00, 0x11FFF),
    (0x1E900, 0x1E95F),
)


class TextTooLongError(ValueError):
    """The text is longer than any that is folded."""


def fold(text: str) -> str:
    """Text folded for comparison without case, the same on every database, in time that grows with its length only.

    I, \u0131, \u0130 and i are one letter; invisible characters do not count, nor do the marks of a run behind the thirtieth.
    Raises `TextTooLongError` above 2,000 characters.
    """
    if len(text) > MOST_FOLDED:
        raise TextTooLongError
    if text.isascii():
        return text.lower()
    normal = unicodedata.normalize("NFKC", without_invisible(_with_few_marks(text)))
    folded = normal.casefold().replace("\u0131", "i")
    if not unicodedata.is_normalized("NFKC", folded):
        folded = unicodedata.normalize("NFKC", folded)
    return folded.replace("i\u0307", "i")


def fold_given(text: str) -> str | None:
    """The folded text of a caller; None if it is too long to equal any stored text."""
    return fold(text) if len(text) <= MOST_FOLDED else None


def search_form(text: str) -> str:
    """Folded text as it is stored for searches: at most 300 characters."""
    return fold(text[: FOLDED_LENGTH * _MOST_JOINED])[:FOLDED_LENGTH]


def written_name(text: str) -> str:
    """A name or a part of one with one kind of blank, hyphen and apostrophe, to be folded. Longer text stays as it is."""
    if len(text) > MOST_FOLDED or _SIMPLE.fullmatch(text):
        return text
    return _BLANKS.sub(" ", "".join(map(_written, text)))


def name_form(text: str) -> str:
    """A folded name as it is stored for searches: at most 300 characters."""
    return search_form(written_name(text))


def read_name(text: str) -> tuple[str, bool]:
    """The name in canonical form, cut to 100 characters; and True if nothing visible was dropped or cut.

    A blank of any kind is one space, a dash a hyphen, an apostrophe '. Letters with their marks, digits, spaces, hyphens,
    apostrophes and periods are kept, and joiners that the spelling needs. Of other characters, those that separate words become
    a space.
    """
    if len(text) <= NAME_LENGTH and _SIMPLE.fullmatch(text):
        return text, True
    sent = text.strip()
    given = _with_few_marks(sent[:_MOST_READ])
    is_clean = given == sent
    written = _JOINER_RUN.sub(r"\1", "".join(map(_written, unicodedata.normalize("NFC", given))))
    is_clean = is_clean and all(map(_is_of_names, written))
    name = " ".join(_spell(written).split())
    cut = _cut(name)
    return cut, is_clean and cut == name


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


@lru_cache(maxsize=4096)
def _written(character: str) -> str:
    """The character as names have it: one kind of blank, hyphen and apostrophe, and "" for an invisible one but joiners."""
    if character.isspace():
        return " "
    if character in _APOSTROPHES:
        return "'"
    category = unicodedata.category(character)
    if category == "Pd" or character in _HYPHENS:
        return "-"
    is_invisible = category == "Cf" or character in _FILLERS
    return "" if is_invisible and character not in _JOINERS else character


def _is_of_names(character: str) -> bool:
    return character in " -'." or character in _JOINERS or unicodedata.category(character)[0] in "LMN"


def _spell(written: str) -> str:
    """The written name without what names do not have. Marks go with the character that they belong to."""
    kept = [""]
    is_dropped = False
    for character, following in pairwise(f"{written} "):
        category = unicodedata.category(character)
        if character in _JOINERS:
            kept.append(character if _is_spelling(kept[-1], character, following) else "")
        elif not (is_dropped and category[0] == "M"):
            is_dropped = not _is_of_names(character)
            kept.append(character if not is_dropped else " " if character in _SEPARATORS else "")
    return "".join(kept)


def _is_spelling(before: str, joiner: str, after: str) -> bool:
    """True if a joiner is between letters of a script that uses them, or in a final chillu of Malayalam."""
    is_final_form = joiner == "\u200d" and bool(before) and unicodedata.combining(before) == _VIRAMA
    return _joins(before) and (_joins(after) or is_final_form)


def _joins(character: str) -> bool:
    is_letter = bool(character) and unicodedata.category(character)[0] in "LM"
    return is_letter and any(first <= ord(character) <= last for first, last in _JOINING_SCRIPTS)


def _cut(name: str) -> str:
    """The name cut to its length, not between a letter and its marks or inside a conjunct."""
    if len(name) <= NAME_LENGTH:
        return name
    end = NAME_LENGTH
    while end and _is_inside_letter(name, end):
        end -= 1
    return name[: end or NAME_LENGTH].rstrip()


def _is_inside_letter(name: str, index: int) -> bool:
    before, after = name[index - 1], name[index]
    is_part = unicodedata.category(after)[0] == "M" or after in _JOINERS
    return is_part or before in _JOINERS or unicodedata.combining(before) == _VIRAMA
