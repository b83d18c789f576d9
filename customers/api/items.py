"""Items of a POST about a known customer: the customer that an item names (docs/protocol.md 1.5, 4.8, 4.12)."""

from collections.abc import Sequence
from typing import Final

from customers.lookup.services import LookupQuery, find_each, unless_erased
from customers.lookup.statement import Found
from customers.profile.reading import Reading, Section
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item, optional

# The first of these that is supplied counts; each with the kind of value that it is.
_KEYS: Final = {"user_id": "id", "id": "id", "mobile": "mobile", "email": "email", "external_id": "external_id"}


def find_target(item: Item, reading: Reading, sections: Sequence[Section]) -> Found:
    """The customer of an item, with what the sections print. One statement; nothing is locked.

    Raises `LoyaltyError`: 1015 without an identifier, and the codes of `find_named`.
    """
    key = next((key for key in _KEYS if optional(item, key)), None)
    if key is None:
        raise LoyaltyError(Code.IDENTIFIER_MISSING)
    return find_named(_KEYS[key], optional(item, key), reading, sections)


def find_named(key: str, value: str, reading: Reading, sections: Sequence[Section]) -> Found:
    """The customer whose value of this kind a write names. One statement; nothing is locked.

    Raises `LoyaltyError`: 400 for an id that is not a number, 1042 malformed, 1012 or 1011 unknown, 1011 erased.
    """
    ((_, named),) = find_each(
        LookupQuery(key=key, values=[value]),
        organization=reading.organization,
        policy=reading.policy,
        country_code=reading.country_code,
        sections=sections,
        reading=reading,
    )
    found = unless_erased(named)
    if isinstance(found, Code):
        raise LoyaltyError(found)
    return found
