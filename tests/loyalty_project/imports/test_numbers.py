"""Numbers of files: plain decimals (docs/imports.md)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_project.imports.numbers import NotPlainError, has_decimals, read_decimal


@pytest.mark.parametrize("text", ["12", "12.5", "0012.50", "13.0", "-3", "+3", ".5", "5.", "0"])
def test_plain_decimals_are_read(text):
    assert read_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("1,234.50", "has a thousands separator; write 1234.50"),
        ("1.234,50", "has a thousands separator; write 1234.50"),
        ("1.234.567", "has a thousands separator; write 1234567"),
        ("-1 000", "has a thousands separator; write -1000"),
        ("1'000", "has a thousands separator; write 1000"),
        ("1\u202f000", "has a thousands separator; write 1000"),
        ("1_000", "has a thousands separator; write 1000"),
        ("1_0.555", "has a thousands separator; write 10.555"),
        ("1,0", "has a decimal comma; write 1.0"),
        ("12e2", "has an exponent; write 1200"),
        ("1.23457E+11", "has an exponent; write 123457000000"),
        ("1e999", "has an exponent; write digits with at most one point, like 1234.50"),
        ("\u0661\u0662", "has other digits than 0 to 9; write 12"),
        ("\uff11\uff12", "has other digits than 0 to 9; write 12"),
        ("\u0661\u066b\u0662", "has other digits than 0 to 9; write digits with at most one point, like 1234.50"),
        *(
            (text, "is not a plain number; write digits with at most one point, like 1234.50")
            for text in ("", "₹100", "NaN", "Infinity", "-inf", "0x10", "12.3.4", "1;5", ".", "-", "ten", "1__0", "1,23,456")
        ),
    ],
)  # fmt: skip
def test_other_numbers_are_refused_with_how_to_write_them(text, explanation):
    with pytest.raises(NotPlainError) as refused:
        read_decimal(text)
    assert str(refused.value) == explanation


@given(st.text(st.sampled_from("0123456789.,'_ eE+-\u0661\uff11\u00b2NaN"), max_size=60))
def test_every_text_is_read_exactly_or_refused(text):
    try:
        number = read_decimal(text)
    except NotPlainError:
        return
    assert number == Decimal(text)
    assert set(text) <= set("0123456789.+-")


@pytest.mark.parametrize(
    ("text", "at_most", "has"), [("1.50", 1, True), ("1.50", 0, False), ("100", 0, True), (f"1.{'0' * 40}1", 3, False)]
)
def test_decimals_are_counted_without_zeros_at_the_end(text, at_most, has):
    assert has_decimals(Decimal(text), at_most) is has
