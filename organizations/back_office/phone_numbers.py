"""The form field of mobile numbers: a country and the number in it. Stored are the digits with country code."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from phonenumber_field.formfields import PrefixChoiceField, SplitPhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber
from phonenumber_field.widgets import PhoneNumberPrefixWidget
from phonenumbers import NumberParseException, country_code_for_region, region_code_for_number
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from loyalty_project.phone_numbers import format_mobile, plain_number


def international_mobile(text: str, country: str) -> str:
    """A number typed for `country` (ISO code), with "+" and country code; as typed if it is not a number or has no country."""
    plain = plain_number(text)
    number = _parse(plain, country) if country and plain else None
    return str(number.as_e164) if number else text


class MobileWidget(PhoneNumberPrefixWidget):  # type: ignore[misc]  # the library has no types
    """A choice of countries and the number, named `<name>_country` and `<name>`. Without countries only the number."""

    def __init__(self, countries: Sequence[str]) -> None:
        self.countries = countries
        choices = [
            *((country, f"{country} +{country_code_for_region(country)}") for country in countries),
            ("", gettext("Other")),
        ]
        label = {"aria-label": gettext("Country")}
        country = UnfoldAdminSelectWidget(attrs=label, choices=choices) if countries else forms.HiddenInput()
        super().__init__({"country": country, "": UnfoldAdminTextInputWidget(attrs={"type": "tel"})})

    def decompress(self, value: str | None) -> list[str]:
        """The country and the number in it. A number of no country of the choice is shown whole, without a country."""
        if not value:
            return [self.countries[0] if self.countries else "", ""]
        shown = format_mobile(value)
        number = _parse(f"+{value}") if shown.startswith("+") else None
        country = (region_code_for_number(number) if number else None) or ""
        national = shown.partition(" ")[2]
        is_choice = country in self.countries and international_mobile(national, country) == f"+{value}"
        return [country, national] if is_choice else ["", shown]

    def id_for_label(self, id_: str) -> str:
        """The id of the input of the number."""
        return f"{id_}_1"

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        """Both inputs in a line."""
        return format_html('<div class="bo-mobile">{}</div>', super().render(*args, **kwargs))


class MobileField(SplitPhoneNumberField):  # type: ignore[misc]  # the library has no types
    """A mobile number: its country, one of `countries` (ISO codes, the usual one first), and the number.

    The value is "+" and the digits with country code, or what was typed if that is not a number of the chosen country. The
    registration validates it, and refuses it with a code.
    """

    default_validators = ()

    def __init__(self, *, countries: Sequence[str], **kwargs: Any) -> None:
        self.countries = countries
        super().__init__(widget=MobileWidget(countries), **kwargs)

    def prefix_field(self) -> forms.Field:
        field: forms.Field = PrefixChoiceField(choices=[(country, country) for country in self.countries], required=False)
        return field

    def number_field(self) -> forms.Field:
        return forms.CharField(max_length=30, required=False)

    def compress(self, data_list: Sequence[str]) -> str:
        country, text = data_list or ("", "")
        return international_mobile(text, country)

    def has_changed(self, initial: str | None, data: Sequence[str | None]) -> bool:
        """True if another number was typed, in whatever format."""
        country, text = (value or "" for value in data)
        typed = international_mobile(text.strip(), country)
        return (plain_number(typed).removeprefix("+") or typed) != (initial or "")


def _parse(text: str, country: str | None = None) -> PhoneNumber | None:
    try:
        return PhoneNumber.from_string(text, region=country)
    except NumberParseException:
        return None
