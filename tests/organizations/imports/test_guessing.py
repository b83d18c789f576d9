"""The guess which of our columns the columns of a file are."""

import pytest

from loyalty_project.imports.columns import FileColumns
from organizations.imports.guessing import folded, guess_columns

EXPECTED = FileColumns(
    known=["mobile", "email", "firstname", "lastname", "number", "amount", "custom.Boot size"], prefixes=["attribute."]
)


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["mobile", "FirstName", " last_name"], ["mobile", "firstname", "lastname"]),
        (["Phone number", "E-Mail", "Surname"], ["mobile", "email", "lastname"]),
        (["boot-size", "Receipt no."], ["custom.Boot size", "number"]),
        (["attribute.colour", "attribute.", "attribute"], ["attribute.colour", "", ""]),
        (["error_line", "mobile"], ["", "mobile"]),
        # By its own name before another one, and once.
        (["phone", "mobile"], ["", "mobile"]),
        (["phone", "cell"], ["mobile", ""]),
        (["shoe", ""], ["", ""]),
    ],
)
def test_columns_are_guessed_by_name(names: list[str], columns: list[str]) -> None:
    assert guess_columns(names, EXPECTED, remembered={}) == columns


def test_an_earlier_choice_comes_first() -> None:
    remembered = {folded("Shoe"): "custom.Boot size", folded("Phone"): "", folded("Total"): "gone"}
    assert guess_columns(["SHOE", "phone", "total"], EXPECTED, remembered=remembered) == ["custom.Boot size", "", "amount"]
