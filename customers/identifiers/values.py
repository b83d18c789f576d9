"""E-mail addresses, external ids and ids in canonical form: pure functions for tills, imports and staff (docs/protocol.md 2.2).

`loyalty_project.phone_numbers` reads mobiles.
"""

import re
from typing import Final

import idna
from django.core.validators import EmailValidator

from loyalty_project.patterns import matches_whole
from loyalty_project.phone_numbers import format_mobile
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.plain_text import is_plain, read_code, trim

EMAIL_LENGTH = 254
EXTERNAL_ID_LENGTH = 250
MAX_ID = 2**63 - 1
# Atoms of RFC 5322 and dots, also doubled or at the end, but not at the beginning.
_LOCAL_PART: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")
_check_domain: Final = EmailValidator().validate_domain_part


def identifier_text(kind: str, value: str) -> str:
    """An identifier as staff read it: a mobile number in international format."""
    return format_mobile(value) if kind == "mobile" else value


def read_email(text: str) -> str | None:
    """The address in lower case, or None if it is invalid. A domain in another script gets its IDNA form (UTS 46)."""
    text = trim(text)
    if len(text) > EMAIL_LENGTH:
        return None
    local, _, domain = text.rpartition("@")
    ascii_domain = _ascii_domain(domain)
    if ascii_domain is None or not _LOCAL_PART.fullmatch(local):
        return None
    address = f"{local}@{ascii_domain}".lower()
    return address if len(address) <= EMAIL_LENGTH else None


def email_spelling(text: str) -> str:
    """An address or its beginning or end, with a complete domain in another script in its IDNA form, as it is stored."""
    local, at, domain = text.rpartition("@")
    if text.isascii() or not at or len(text) > EMAIL_LENGTH:
        return text
    return f"{local}{at}{_ascii_domain(domain) or domain}"


def _ascii_domain(domain: str) -> str | None:
    """The domain in ASCII, or None if it is invalid."""
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    if not _DOMAIN.fullmatch(domain):
        return None
    return domain if _check_domain(domain) else None


def read_external_id(text: str, *, pattern: str = "") -> str | None:
    """The id in canonical form, or None if it has over 250 characters or control characters, or does not match the pattern."""
    value = read_code(text)
    if not value or not is_plain(value, EXTERNAL_ID_LENGTH):
        return None
    return value if not pattern or matches_whole(pattern, value) else None


def read_id(given: str) -> int | None:
    """The customer id that the text names: None for "" and 0, -1 for an id that no customer can have.

    Raises `LoyaltyError` 400 if it is not a number.
    """
    if not given or given == "0":
        return None
    if not (given.isascii() and given.isdigit()):
        raise LoyaltyError(Code.INVALID_INPUT)
    return int(given) if len(given) < 20 and int(given) <= MAX_ID else -1
