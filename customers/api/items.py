"""Items of a POST about a known customer: the customer that an item names (docs/protocol.md 1.5, 4.8, 4.12)."""

from collections.abc import Sequence
from typing import Final

from customers.lookup.services import LookupQuery, find_each
from customers.lookup.statement import Found
from customers.profile.reading import Reading, Section
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item, optional

# The first of these that is supplied counts; each with the kind of value that it is.
_KEYS: Final = {"user_id": "id", "id": "id", "mobile": "mobile", "email": "email", "external_id": "external_id"}


def find_target(item: Item, reading: Reading, sections: Sequence[Section]) -> Found:
    """The customer of an item, with what the sections print. One statement; nothing is locked.

    Raises `LoyaltyError`: 1015 without an identifier, 400 for an id that is not a number, 1042, 1012, 1011.
    """
    key = next((key for key in _KEYS if optional(item, key)), None)
    if key is None:
        raise LoyaltyError(Code.IDENTIFIER_MISSING)
    ((_, found),) = find_each(
        LookupQuery(key=_KEYS[key], values=[optional(item, key)]),
        organization=reading.organization,
        policy=reading.policy,
        country_code=reading.country_code,
        sections=sections,
        reading=reading,
    )
    if not isinstance(found, Found):
        raise LoyaltyError(found)
    return found
