"""Mobile numbers in the back office: stored as digits with country code, shown in international format."""

import re
from functools import lru_cache
from typing import Any

from django import forms
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber
from phonenumbers import NumberParseException
from unfold.widgets import UnfoldAdminTextInputWidget


@lru_cache(maxsize=4096)
def format_mobile(digits: str) -> str:
    """`919812300001` as "+91 98123 00001"; any other text as it is."""
    try:
        number = PhoneNumber.from_string(f"+{digits}") if digits.isdecimal() else None
    except NumberParseException:
        return digits
    return str(number.as_international) if number and number.is_valid() else digits


class MobileInput(UnfoldAdminTextInputWidget):
    """A text input for which phones show the keypad of digits."""

    input_type = "tel"


class MobileField(PhoneNumberField):  # type: ignore[misc]  # the library has no types
    """A mobile number, shown in international format and typed in any.

    The field passes on what was typed: the registration reads it in the countries of the organization.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": MobileInput, **kwargs})
        self.validators: list[Any] = []

    def prepare_value(self, value: Any) -> Any:
        return format_mobile(value) if isinstance(value, str) and value.isdecimal() else value

    def to_python(self, value: Any) -> Any:
        return forms.CharField.to_python(self, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return re.sub(r"[\s+-]", "", data or "") != (initial or "")
