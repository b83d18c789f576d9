"""Phone numbers as people read them."""

import pytest

from loyalty_project.phone_numbers import format_mobile


@pytest.mark.parametrize(
    ("digits", "shown"),
    [("919812300001", "+91 98123 00001"), ("6591234567", "+65 9123 4567"), ("91123", "91123"), ("a@b.in", "a@b.in"), ("", "")],
)
def test_a_mobile_is_shown_in_international_format(digits: str, shown: str) -> None:
    assert format_mobile(digits) == shown
