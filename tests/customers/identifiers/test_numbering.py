"""Generated external ids (docs/protocol.md 2.3)."""

import pytest

from customers.identifiers.numbering import luhn_digit


@pytest.mark.parametrize(("digits", "check"), [("7992739871", "3"), ("0", "0"), ("411111111111111", "1")])
def test_luhn_digits_of_known_numbers(digits, check):
    assert luhn_digit(digits) == check
