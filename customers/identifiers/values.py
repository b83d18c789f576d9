"""Identifiers in canonical form: pure functions for tills, imports and staff (docs/protocol.md 2.2)."""

import re
from collections.abc import Sequence
from functools import lru_cache

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from customers.profile.text import is_plain
from loyalty_project.phone_numbers import format_mobile
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError

EMAIL_LENGTH = 254
EXTERNAL_ID_LENGTH = 250
MAX_ID = 2**63 - 1

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u00a0]")
_EMAIL_CHARACTERS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")
_check_email = EmailValidator()


def bare_digits(text: str) -> str:
    """A mobile number as typed, without blanks, dashes and a leading plus sign."""
    return _SEPARATORS.sub("", text).removeprefix("+")


def read_mobile(text: str, *, countries: Sequence[str], country_code: str = "") -> str | None:
    """The digits of a mobile number with its country code, or None if it is not a number of these countries.

    `countries` are ISO codes, the base country first. A number may have its country code, with or without "+". A number without
    is tried in the country of `country_code` (the dial code of the request), then in the countries in order.
    """
    bare = _SEPARATORS.sub("", text)
    international = bare.startswith("+")
    digits = bare.removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or not 4 <= len(digits) <= 17:
        return None
    whole = _valid(digits, None, tuple(countries))
    if whole or international:
        return whole
    first = [country for country in countries if str(phonenumbers.country_code_for_region(country)) == country_code]
    for country in dict.fromkeys([*first, *countries]):
        national = _valid(digits, country, tuple(countries))
        if national:
            return national
    return None


@lru_cache(maxsize=4096)
def _valid(digits: str, country: str | None, countries: tuple[str, ...]) -> str | None:
    try:
        number = phonenumbers.parse(digits if country else f"+{digits}", country)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    # A national number must not become another country's; an international one must belong to a supported country.
    if region not in ((country,) if country else countries) or not phonenumbers.is_valid_number_for_region(number, region):
        return None
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"


def identifier_text(kind: str, value: str) -> str:
    """An identifier as staff read it: a mobile number in international format."""
    return format_mobile(value) if kind == "mobile" else value


def read_email(text: str) -> str | None:
    """The address in lower case, or None if it is invalid (letters, digits and - _ + . on both sides of an @)."""
    if len(text) > EMAIL_LENGTH or not _EMAIL_CHARACTERS.fullmatch(text):
        return None
    try:
        _check_email(text)
    except ValidationError:
        return None
    return text.lower()


def read_external_id(text: str, *, pattern: str = "") -> str | None:
    """The trimmed id, or None if it has over 250 characters or control characters, or does not match the pattern."""
    value = text.strip()
    if not value or not is_plain(value, EXTERNAL_ID_LENGTH):
        return None
    return value if not pattern or re.fullmatch(pattern, value) else None


def read_id(given: str) -> int | None:
    """The customer id that the text names: None for "" and 0, -1 for an id that no customer can have.

    Raises `LoyaltyError` 400 if it is not a number.
    """
    if not given or given == "0":
        return None
    if not (given.isascii() and given.isdigit()):
        raise LoyaltyError(Code.INVALID_INPUT)
    return int(given) if len(given) < 20 and int(given) <= MAX_ID else -1
