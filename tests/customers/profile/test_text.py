"""Text of names and searches (docs/protocol.md 2.2, 7)."""

import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customers.profile.text import (
    _MARKS_OF_CLASS_0,
    _MOST_JOINED,
    FOLDED_LENGTH,
    MOST_FOLDED,
    NAME_LENGTH,
    TextTooLongError,
    fold,
    fold_given,
    name_form,
    read_name,
    search_form,
    written_name,
)
from tests.timing import cpu_seconds

ROOT = Path(__file__).parents[3]
CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
# Marks in an order that normalization has to turn round.
TANGLED = "\u0345\u0301"
DESCENDING = "".join(
    sorted([*filter(unicodedata.combining, CHARACTERS)] * 3, key=lambda mark: -unicodedata.combining(mark))[:MOST_FOLDED]
)
KSSA = "\u0915\u094d\u0937"  # one letter of Devanagari: ka, virama, ssa


@pytest.mark.parametrize(
    "name",
    [
        "Mina",
        "O'Neil-Rao",
        "Lee 2nd",
        "J. R. Smith",
        "山田",
        "José",
        "अशोक",
        f"{KSSA}ama",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",  # Persian, with a non-joiner
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala, with a joiner
        "\u0985\u09b0\u200d\u09cd\u09af",  # Bengali: the joiner is before the virama
        "\u0d05\u0d35\u0d28\u0d4d\u200d",  # Malayalam: a final chillu
        "\u845b\U000e0100\u57ce",  # Japanese, with a variation of the letter
        "ヘンリー",
        "Kaʻahumanu".replace("ʻ", "'"),
    ],
)
def test_names_of_every_script_are_kept(name: str) -> None:
    assert read_name(name) == (name, True)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ann\u00a0Marie", "Ann Marie"),
        ("Ann\u3000Marie", "Ann Marie"),
        ("Ann\tMarie", "Ann Marie"),
        ("Ann\r\nMarie", "Ann Marie"),
        ("Ann \u2009 Marie", "Ann Marie"),
        ("Jean\u2013Luc", "Jean-Luc"),
        ("Jean\u2010Luc", "Jean-Luc"),
        ("Jean\u2212Luc", "Jean-Luc"),
        ("Jean\uff0dLuc", "Jean-Luc"),
        ("D\u2019Arcy", "D'Arcy"),
        ("D\u2018Arcy", "D'Arcy"),
        ("D\u02bcArcy", "D'Arcy"),
        ("D`Arcy", "D'Arcy"),
        ("D\u00b4Arcy", "D'Arcy"),
        ("Zoe\u0308", "Zo\u00eb"),
    ],
)
def test_blanks_dashes_and_apostrophes_are_of_one_kind(written: str, kept: str) -> None:
    assert read_name(written) == (kept, True)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("\u200bMi\u200bna\ufeff", "Mina"),
        ("\u202aMina\u202c", "Mina"),
        ("Mi\u00adna", "Mina"),
        ("Mi\u200dna", "Mina"),  # no script that spells with joiners
        ("\u200c\u0639\u200c\u200c\u0627\u200c", "\u0639\u200c\u0627"),  # joiners at the ends, and doubled
        ("Mi\u3164na", "Mina"),
    ],
)
def test_invisible_characters_of_names_go_without_a_warning(written: str, kept: str) -> None:
    assert read_name(written) == (kept, True)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("An@n#", "Ann"),
        ("a\x00b", "ab"),
        ("<b>Bo</b>", "bBo b"),
        ("Mina \U0001f600", "Mina"),
        ("Mina \u2764\ufe0f", "Mina"),
        ("\u2764\u0301a", "a"),
        ("Ann; Lee", "Ann Lee"),
        ("Smith,John", "Smith John"),
        ("Ann/Lee", "Ann Lee"),
        ("ジョン・スミス", "ジョン スミス"),
    ],
)
def test_invalid_characters_of_names_are_dropped_and_reported(written: str, kept: str) -> None:
    assert read_name(written) == (kept, False)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("x" * 101, "x" * 100),
        ("x" * 99 + " y", "x" * 99),
        ("x" * 99 + "e\u0332\u0301y", "x" * 99),  # e with two marks
        ("x" * 98 + KSSA, "x" * 98),
        ("x" * 99 + "\u0dc1\u0dca\u200d\u0dbb", "x" * 99),
    ],
)
def test_a_name_is_cut_between_letters_and_reported(written: str, kept: str) -> None:
    assert read_name(written) == (kept, False)


def test_a_name_of_marks_alone_is_cut_as_well() -> None:
    name, is_clean = read_name("\u0915" + "\u094d\u0301" * 5000)
    assert len(name) <= NAME_LENGTH
    assert not is_clean


@given(st.text(max_size=150))
def test_a_read_name_reads_as_itself(written: str) -> None:
    name, _ = read_name(written)
    assert read_name(name) == (name, True)
    assert len(name) <= NAME_LENGTH


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("ＳＴＲＡSSE", "Straße"),
        ("\u0130pek", "ipek"),
        ("i\u0307pek", "IPEK"),
        ("I\u015f\u0131l", "i\u015fil"),
        ("ISIL", "\u0131s\u0131l"),
        ("\u0390", "\u03aa\u0301"),  # composed small iota, decomposed capital one
        ("ﬁ", "FI"),
        ("a\u200bb", "ab"),
        ("\u0639\u200c\u0627", "\u0639\u0627"),
    ],
)
def test_fold_makes_spellings_of_one_text_equal(text: str, other: str) -> None:
    assert fold(text) == fold(other)


@pytest.mark.parametrize(
    ("text", "other"),
    [("O\u2019Neil", "o'neil"), ("Jean\u2013Luc", "jean-luc"), ("Ann\u00a0 Marie", "ann marie"), ("D`Or", "d'or")],
)
def test_names_are_folded_however_they_are_written(text: str, other: str) -> None:
    assert name_form(text) == name_form(other)


def test_the_end_of_a_beginning_is_kept() -> None:
    assert name_form("Ann ") == "ann "


@given(st.text(max_size=60))
def test_folded_text_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=60))
@example("\u037a")  # a letter that folds to a blank and another letter
def test_a_name_is_found_as_it_was_written(text: str) -> None:
    name, is_clean = read_name(text)
    if is_clean:
        assert name_form(name).strip() == name_form(unicodedata.normalize("NFC", text)).strip()


@pytest.mark.parametrize("form", [search_form, name_form])
def test_stored_forms_have_a_length(form: Callable[[str], str]) -> None:
    assert len(form("\ufdfa" * 100)) == FOLDED_LENGTH


@pytest.mark.parametrize("read", [read_name, written_name, name_form, search_form])
def test_no_name_holds_a_process(read: Callable[[str], object]) -> None:
    for worst in (TANGLED * 40_000, "\ufdfa" * 80_000, "\u1100" * 80_000, " " * 5_000_000):
        assert cpu_seconds(lambda worst=worst: read(worst)) < 0.05


@pytest.mark.parametrize(
    "worst", [TANGLED * 1000, DESCENDING, "\u0f73" * 2000, "\ufdfa" * 2000, "a\u0300" * 1000, "\u0390" * 2000]
)
def test_the_worst_text_is_folded_within_milliseconds(worst):
    assert len(worst) <= MOST_FOLDED
    assert cpu_seconds(lambda: fold(worst)) < 0.05


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
