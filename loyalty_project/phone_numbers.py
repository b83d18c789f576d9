"""Phone numbers: how they are written, read and shown. Stored are the digits with country code (docs/protocol.md 2.2).

A number is read in this order; the first reading that is valid counts:

1. national in the country of the request, then in the base country;
2. international in one of the organization's countries;
3. national in a further country, if it is the only one.

With "+" or "00" a number is international. A country stands for its calling code: GB for +44 whole, with Jersey.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import CountryCodeSource, PhoneNumber, PhoneNumberType, ValidationResult

# Longer text is no number: the digits are at most 17.
LONGEST_WRITING: Final = 100
_DIGITS: Final = re.compile(r"[0-9]{4,17}")
_WRITTEN: Final = re.compile(r"(?P<prefix>\+|00)?(?P<digits>[0-9]+)")
# A bracketed trunk zero behind what may be a country code.
_TRUNK: Final = re.compile(r"(?P<code>(?:\+|00)?(?P<country>[1-9][0-9]{0,2}))\(0\)(?P<rest>[0-9]+)")
_BRACKETS: Final = re.compile(r"\((?!0\))|(?<!\(0)\)")
# What numbers are written with beside digits, blanks, dashes and brackets, which are found by their Unicode categories.
_MARKS: Final = {
    "+": "+",
    "\uff0b": "+",
    "-": "",
    "\u2212": "",
    "/": "",
    "\uff0f": "",
    "\u2044": "",
    "\u2215": "",
} | dict.fromkeys(".\uff0e\u00b7\u2022\u2024\u2027\u2219\u22c5", "")
_CATEGORIES: Final = {"Cf": "", "Pd": "", "Ps": "(", "Pe": ")"}
_MOBILE: Final = PhoneNumberType.MOBILE

IsGood = Callable[[PhoneNumber], bool]


def read_mobile(text: str, *, countries: Sequence[str], country_code: str = "", is_lenient: bool = False) -> str | None:
    """The digits of a mobile number with its country code, or None if it is not a number of these countries.

    countries: ISO codes, the base country first.
    country_code: the dial code of the request; "" for none.
    is_lenient: also accepts a number that has only the length of a mobile of its country, if no reading is valid.
    """
    return _read(text, tuple(countries), country_code, is_lenient=is_lenient) if len(text) <= LONGEST_WRITING else None


def stored_mobile(text: str, *, countries: Sequence[str], country_code: str = "", is_lenient: bool = False) -> str | None:
    """The number by which a mobile is looked up, or None if the text is not one.

    Other than `read_mobile`, it returns the digits as they are if no reading is valid: a stored number may be of a country that
    is not configured any more, or have been accepted leniently.
    """
    read = read_mobile(text, countries=countries, country_code=country_code, is_lenient=is_lenient)
    if read is not None:
        return read
    digits = plain_number(text).removeprefix("+")
    return digits if _DIGITS.fullmatch(digits) else None


def read_foreign_mobile(text: str) -> str | None:
    """The digits of a valid number of any country, written with its country code; None for other text."""
    writings = _writings(text) if len(text) <= LONGEST_WRITING else []
    for writing in writings:
        number = _parse(f"+{writing.removeprefix('+')}", None)
        if number and phonenumbers.is_valid_number(number):
            return _stored(number)
    return None


def plain_number(text: str) -> str:
    """The digits of a number or its beginning, after "+" if it is international; "" for other text."""
    writings = _writings(text) if len(text) <= LONGEST_WRITING else []
    return writings[0] if writings else ""


@lru_cache(maxsize=4096)
def format_mobile(digits: str) -> str:
    """`919812300001` as "+91 98123 00001"; text that is not a valid number as it is."""
    number = _parse(f"+{digits}", None) if digits.isascii() and digits.isdecimal() else None
    if number is None or not phonenumbers.is_valid_number(number):
        return digits
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=4096)
def _read(text: str, countries: tuple[str, ...], country_code: str, *, is_lenient: bool) -> str | None:
    tests: list[IsGood] = [phonenumbers.is_valid_number, _has_length_of_mobile]
    for is_good in tests[: 1 + is_lenient]:
        for writing in _writings(text):
            number = _choose(writing, countries, country_code, is_good)
            if number is not None:
                return _stored(number)
    return None


def _writings(text: str) -> list[str]:
    """The digits of a number, after "+" if it is international; none for other text.

    Of a bracketed zero behind a country code there are two: without it, and with it, for countries whose numbers keep it.
    """
    if text.isascii() and text.isdigit():
        return _prefixed(text)
    plain = _BRACKETS.sub("", "".join(map(_plain_character, text)))
    trunk = _TRUNK.fullmatch(plain)
    if trunk and int(trunk["country"]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        return [writing for zero in ("", "0") for writing in _prefixed(f"{trunk['code']}{zero}{trunk['rest']}")]
    return _prefixed(plain.replace("(", "").replace(")", ""))


def _prefixed(plain: str) -> list[str]:
    match = _WRITTEN.fullmatch(plain)
    return [("+" if match["prefix"] else "") + match["digits"]] if match else []


def _plain_character(character: str) -> str:
    """A digit as 0-9, a bracket as a round one, "+", or "" for other marks of numbers; the character itself if it is none."""
    if character in _MARKS:
        return _MARKS[character]
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isspace():
        return ""
    return _CATEGORIES.get(unicodedata.category(character), character)


def _choose(writing: str, countries: Sequence[str], country_code: str, is_good: IsGood) -> PhoneNumber | None:
    """The first good reading, in the order above."""
    if not _DIGITS.fullmatch(writing.removeprefix("+")):
        return None
    of_request = [country for country in countries if str(phonenumbers.country_code_for_region(country)) == country_code]
    near = list(dict.fromkeys([*of_request, *countries[:1]]))
    if not writing.startswith("+"):
        for country in near:
            if (national := _national(writing, country)) and is_good(national):
                return national
    international = _parse(f"+{writing.removeprefix('+')}", None)
    codes = {phonenumbers.country_code_for_region(country) for country in countries}
    if international and international.country_code in codes and is_good(international):
        return international
    if writing.startswith("+"):
        return None
    others = [national for country in countries if country not in near and (national := _national(writing, country))]
    fitting = [number for number in others if is_good(number)]
    return fitting[0] if fitting and all(number == fitting[0] for number in fitting) else None


def _national(digits: str, country: str) -> PhoneNumber | None:
    """The digits read as dialled inside the country; None if they have a country code or an international prefix."""
    number = _parse(digits, country)
    is_national = number is not None and number.country_code_source == CountryCodeSource.FROM_DEFAULT_COUNTRY
    if number is None or not is_national or number.country_code != phonenumbers.country_code_for_region(country):
        return None
    # Only what identifies the number, so that two readings of it are equal.
    return PhoneNumber(
        number.country_code,
        number.national_number,
        italian_leading_zero=number.italian_leading_zero,
        number_of_leading_zeros=number.number_of_leading_zeros,
    )


def _stored(number: PhoneNumber) -> str:
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"


def _parse(text: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country, keep_raw_input=country is not None)
    except phonenumbers.NumberParseException:
        return None


def _has_length_of_mobile(number: PhoneNumber) -> bool:
    """True if the number is as long as mobiles of its country are."""
    return phonenumbers.is_possible_number_for_type_with_reason(number, _MOBILE) == ValidationResult.IS_POSSIBLE
