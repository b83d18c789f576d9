"""Phone numbers as people read them."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=4096)
def format_mobile(digits: str) -> str:
    """`919812300001` as "+91 98123 00001"; text that is not a valid number as it is."""
    try:
        number = phonenumbers.parse(f"+{digits}") if digits.isdecimal() else None
    except phonenumbers.NumberParseException:
        return digits
    if number is None or not phonenumbers.is_valid_number(number):
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
