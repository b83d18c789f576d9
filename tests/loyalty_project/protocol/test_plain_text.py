"""Text as people see it, and ids and codes that are matched."""

import pytest

from loyalty_project.protocol.plain_text import is_plain, one_line, read_code, trim, visible, without_invisible

INVISIBLE = ["\u200b", "\u200c", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u202a", "\u202c", "\u200e", "\u2066", "\U000e0041"]


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\u200e", "\ufeff", "\u00ad"])
def test_invisible_characters_are_removed(character: str) -> None:
    assert visible(f"left{character}right") == "leftright"


def test_joiners_that_spelling_needs_are_kept() -> None:
    words = "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645 \u0dc1\u0dca\u200d\u0dbb\u0dd3"
    assert visible(words) == words


def test_blanks_and_line_breaks_become_one_space() -> None:
    assert one_line("  a\tb\r\nc\u2028d\u00a0 e ") == "a b c d e"


@pytest.mark.parametrize("character", INVISIBLE)
def test_invisible_characters_are_removed_from_codes(character: str) -> None:
    assert read_code(f" {character}B {character}-1 {character}") == "B -1"


def test_visible_characters_of_codes_stay() -> None:
    assert read_code("Ab/ é–#1\u0301") == "Ab/ é–#1\u0301"


def test_text_of_ascii_is_returned_as_it_is() -> None:
    text = "B-1\x07"
    assert without_invisible(text) is text


def test_trimming_leaves_the_inside() -> None:
    assert trim(" \u202aa\u200bb \u202c\n") == "a\u200bb"
    assert trim("\u200b ") == ""


def test_plain_text_has_a_length_and_no_control_characters() -> None:
    assert is_plain("abc", 3)
    assert not is_plain("abcd", 3)
    assert not is_plain("a\tb", 3)


def test_text_that_is_too_long_for_a_code_stays_as_it_is() -> None:
    text = "\u200b" * 1001
    assert read_code(text) is text
