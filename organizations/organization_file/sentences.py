"""What is said otherwise than before, in plain sentences: pure functions."""

from collections.abc import Iterator, Mapping
from typing import Final

_NOTHING: Final = "nothing"


def changed_words(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """A sentence for each title of `after` whose words differ. Without `before`, one for each title that has words."""
    if not before:
        return [f"{title}: {_ended(words)}" for title, words in after.items() if words]
    return [sentence for title, words in after.items() for sentence in said_otherwise(title, before.get(title, ""), words)]


def said_otherwise(title: str, before: str, after: str) -> Iterator[str]:
    """The sentence with the words of now and of before, if they differ."""
    if before != after:
        yield f"{title}: {_ended(after)} Before: {_ended(before)}"


def _ended(words: str) -> str:
    text = words or _NOTHING
    return text if text.endswith(".") else f"{text}."
