"""Text of names and searches (docs/protocol.md 2.2)."""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from customers.profile.text import (
    _MARKS_OF_CLASS_0,
    _MOST_JOINED,
    FOLDED_LENGTH,
    MOST_FOLDED,
    TextTooLongError,
    fold,
    fold_given,
    read_name,
    search_form,
)
from tests.timing import cpu_seconds

ROOT = Path(__file__).parents[3]
CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
# Marks in an order that normalization has to turn round.
TANGLED = "\u0345\u0301"
DESCENDING = "".join(
    sorted([*filter(unicodedata.combining, CHARACTERS)] * 3, key=lambda mark: -unicodedata.combining(mark))[:MOST_FOLDED]
)


@pytest.mark.parametrize("name", ["Mina", "O'Neil-Rao", "Lee 2nd", "山田", "José", "अशोक", "D’Arcy"])
def test_names_of_every_script_are_kept(name):
    assert read_name(name) == (name, True)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("An@n#", "Ann"), ("Dr. No", "Dr No"), ("a\x00b", "ab"), ("x" * 101, "x" * 100), ("<b>Bo</b>", "bBob")],
)
def test_invalid_characters_of_names_are_dropped_and_reported(written, kept):
    assert read_name(written) == (kept, False)


def test_fold_makes_case_and_width_equal():
    assert fold("ＳＴＲＡSSE") == fold("strasse") == fold("Straße")


@pytest.mark.parametrize(
    "worst", [TANGLED * 1000, DESCENDING, "\u0f73" * 2000, "\ufdfa" * 2000, "a\u0300" * 1000, "\u0390" * 2000]
)
def test_the_worst_text_is_folded_within_five_milliseconds(worst):
    assert len(worst) <= MOST_FOLDED
    assert cpu_seconds(lambda: fold(worst)) < 0.005


def test_text_that_is_too_long_is_not_folded():
    with pytest.raises(TextTooLongError):
        fold("x" * (MOST_FOLDED + 1))
    assert fold_given(TANGLED * 20_000) is None
    assert fold_given("X" * MOST_FOLDED) == "x" * MOST_FOLDED


def test_a_letter_keeps_its_first_thirty_marks():
    assert fold("q" + "\u0301" * 29) == "q" + "\u0301" * 29
    assert fold("q" + "\u0301" * 50 + "x") == "q" + "\u0301" * 30 + "x"


def test_every_character_that_becomes_a_mark_counts_as_one():
    hidden = {
        character
        for character in CHARACTERS
        if not unicodedata.combining(character) and unicodedata.combining(unicodedata.normalize("NFKD", character)[0])
    }
    assert hidden == _MARKS_OF_CLASS_0


def test_no_character_is_joined_from_more_than_its_number():
    joined = (unicodedata.normalize("NFD", character) for character in CHARACTERS)
    assert max(len(parts) for parts in joined if len(unicodedata.normalize("NFC", parts)) == 1) == _MOST_JOINED


def test_a_stored_form_of_long_text_is_full():
    joined = "\u03b1\u0314\u0342\u0345"  # one letter with three marks
    assert len(search_form(joined * 500)) == FOLDED_LENGTH
    assert search_form("Á" * 5_000_000) == "á" * FOLDED_LENGTH


def test_text_is_normalized_and_folded_by_these_functions_alone():
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    own = [path for path in tracked if not re.match(r"tests/|benchmarks/|.*/migrations/", path)]
    folding = [path for path in own if re.search(r"unicodedata\.normalize|\.casefold\(", (ROOT / path).read_text())]
    assert folding == ["customers/profile/text.py"]
