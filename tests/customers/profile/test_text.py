"""Text of names and searches (docs/protocol.md 2.2)."""

import pytest

from customers.profile.text import fold, read_name


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
