"""Fields of forms that staff fill in: lines of text and numbers."""

from decimal import Decimal

import pytest
from django import forms

from organizations.back_office.columns import ChoiceLabel
from organizations.back_office.forms import LineField, NumberField, ReasonField, WholeNumberField


@pytest.mark.parametrize("mark", ["\u202e", "\u2067", "\u200b", "\ufeff"])
def test_a_line_is_stored_without_invisible_characters(mark: str) -> None:
    assert LineField().clean(f" paid {mark}twice\tby  card ") == "paid twice by card"


def test_a_line_of_invisible_characters_is_blank() -> None:
    with pytest.raises(forms.ValidationError, match="required"):
        ReasonField(help_text="Kept").clean("\u202e \u200b")


def test_a_line_with_nul_is_refused() -> None:
    with pytest.raises(forms.ValidationError, match="Null"):
        LineField().clean("a\0b")


def test_browsers_do_not_cut_a_long_line() -> None:
    field = LineField(max_length=5)
    assert "maxlength" not in field.widget.attrs
    with pytest.raises(forms.ValidationError, match="at most 5"):
        field.clean("abcdef")


@pytest.mark.parametrize(("typed", "number"), [("12", "12"), ("-3.50", "-3.50"), ("+7", "7"), ("\u22125", "-5"), (" 8 ", "8")])
def test_numbers_are_read_from_plain_digits(typed: str, number: str) -> None:
    assert NumberField().clean(typed) == Decimal(number)


@pytest.mark.parametrize("typed", ["1e3", "1_000", "1,000", "\u0661\u0662", "NaN", "9" * 19, "0x10"])
def test_other_spellings_of_numbers_are_refused(typed: str) -> None:
    with pytest.raises(forms.ValidationError, match="plain digits"):
        NumberField().clean(typed)


def test_a_choice_is_its_label_wherever_it_is_printed() -> None:
    assert str(ChoiceLabel("AWARD", "award")) == "award"


@pytest.mark.parametrize("typed", ["1e3", "1_000", "1,000", "1.0", "\u0661\u0662", "\uff11", "9" * 19, "0x10"])
def test_whole_numbers_have_plain_digits(typed: str) -> None:
    assert WholeNumberField().clean(" 12 ") == 12
    assert WholeNumberField(required=False).clean("") is None
    with pytest.raises(forms.ValidationError, match="whole number"):
        WholeNumberField().clean(typed)
