"""How are money and quantities read?"""

from decimal import Decimal

import pytest

from engagement.numbers.money import read_money, read_quantity


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("10", "INR", "10.00"),
        (" 209.39999999999998 ", "INR", "209.40"),
        ("0.005", "USD", "0.01"),
        ("0.5", "JPY", "1"),
        ("1.2345", "KWD", "1.235"),
        ("-1.5", "INR", "-1.50"),
        ("+1.", "INR", "1.00"),
        (".5", "INR", "0.50"),
        ("2.842170943040401e-14", "INR", "0.00"),
        ("-1E-999", "INR", "-0.00"),
        ("999999999999", "INR", "999999999999.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_their_currency(text: str, currency: str, amount: str) -> None:
    assert str(read_money(text, currency)) == amount


@pytest.mark.parametrize(
    "text", ["", "ten", "inf", "nan", "1e3", "1,000.00", "1_000", "1000000000000", "٣", "1" + "." + "0" * 31]
)
def test_what_is_no_amount(text: str) -> None:
    assert read_money(text, "INR") is None
    assert read_quantity(text) is None


def test_quantities_keep_three_decimals() -> None:
    assert read_quantity("1.2345") == Decimal("1.235")
