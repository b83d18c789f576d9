"""Echoes: the values by which the answer names an item that failed (docs/protocol.md 1.5)."""

from collections.abc import Mapping
from typing import Any, Final

from loyalty_project.protocol.values import Item

# Longer values are cut: an answer is kept with its Idempotency-Key.
LONGEST_ECHO: Final = 300
_IDENTIFIERS: Final = ("user_id", "id", "mobile", "email", "external_id")
# The keys of an answer to update_identity, each with the names under which it may be sent.
_IDENTITY: Final = {
    "identifier": ("identifier",),
    "old_value": ("old_value", "old_identifier"),
    "new_value": ("new_value", "new_identifier"),
}


def echo_identifiers(item: Item) -> Mapping[str, Any]:
    """The identifiers of the item, as they were written, each at most 300 characters."""
    return {key: item[key][:LONGEST_ECHO] for key in _IDENTIFIERS if _is_given(item, key)}


def echo_identity(item: Item) -> Mapping[str, str]:
    """The values of an identity change, as they were written (at most 300 characters), under the names of the answer."""
    first = {key: next((name for name in names if _is_given(item, name)), None) for key, names in _IDENTITY.items()}
    return {key: item[name][:LONGEST_ECHO] for key, name in first.items() if name is not None}


def _is_given(item: Item, key: str) -> bool:
    value = item.get(key)
    return isinstance(value, str) and bool(value.strip())
