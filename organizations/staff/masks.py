"""Masked forms of personal data: pure functions. What is left helps to compare two customers, and reaches neither."""

from typing import Final

import phonenumbers

DOTS: Final = "•••"
# In the place of a text of which nothing is left.
HIDDEN: Final = "hidden"
_LAST_DIGITS: Final = 3
# Of a shorter value so many last characters would be most of it.
_SHORTEST: Final = 6
# In scripts that write a syllable or a word as one character, the first one would be most of the name.
_SHORTEST_NAME: Final = 3


def mask_mobile(digits: str) -> str:
    """`919812300678` as `+91 •••••••678`: the country code and the last three digits. The dots do not count the others."""
    code = _country_code(digits)
    return f"{f'+{code} ' if code else ''}•••••••{_end_of(digits.removeprefix(code))}"


def mask_email(address: str) -> str:
    """`anna@example.com` as `a•••@e•••.com`: the first letters and the last part of the domain."""
    local, at, domain = address.rpartition("@")
    if not at:
        return mask_code(address)
    _, dot, last = domain.rpartition(".")
    return f"{local[:1]}{DOTS}@{domain[:1]}{DOTS}{dot}{last if dot else ''}"


def mask_code(value: str) -> str:
    """`NW-0012345` as `•••345`: the last three characters."""
    return f"{DOTS}{_end_of(value)}" if value else ""


def mask_name(*names: str) -> str:
    """`Anna`, `Rao` as `A••• R•••`: first letters, of a name of one or two characters none. "" without a name."""
    return " ".join(f"{name[:1] if len(name) >= _SHORTEST_NAME else ''}{DOTS}" for name in names if name)


def mask_identifier(kind: str, value: str) -> str:
    """An identifier of this kind, masked. "" for ""."""
    if not value:
        return ""
    return {"mobile": mask_mobile, "email": mask_email}.get(kind, mask_code)(value)


def _end_of(value: str) -> str:
    return value[-_LAST_DIGITS:] if len(value) >= _SHORTEST else ""


def _country_code(digits: str) -> str:
    """The country code with which the digits begin; "" for other text."""
    if not (digits.isascii() and digits.isdecimal()):
        return ""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((digits[:length] for length in (1, 2, 3) if int(digits[:length] or 0) in codes), "")
