"""Numbers as JSON and XML print them."""

from decimal import Decimal


def plain_digits(value: Decimal) -> str:
    """The decimal without exponent and trailing zeros."""
    if not value.is_finite():
        raise ValueError("a figure of an answer is not finite")
    digits = format(value, "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits
