"""Text as people see it: without invisible characters, on one line."""

import pytest

from loyalty_project.protocol.plain_text import one_line, visible


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\u200e", "\ufeff", "\u00ad"])
def test_invisible_characters_are_removed(character: str) -> None:
    assert visible(f"left{character}right") == "leftright"


def test_joiners_that_spelling_needs_are_kept() -> None:
    words = "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645 \u0dc1\u0dca\u200d\u0dbb\u0dd3"
    assert visible(words) == words


def test_blanks_and_line_breaks_become_one_space() -> None:
    assert one_line("  a\tb\r\nc\u2028d\u00a0 e ") == "a b c d e"
