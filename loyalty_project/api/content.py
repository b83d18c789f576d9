"""Digests of calls: equal for the same content in either format (docs/protocol.md 1.10)."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from loyalty_project.protocol.values import Item, Value

# It changes how the answer is written, not its content.
_FORMAT = "format"


def content_digest(items: Sequence[Item], query: Mapping[str, str]) -> str:
    """SHA-256, in hex, of a call's items in their order and its query without `format`."""
    asked = {key: value for key, value in query.items() if key != _FORMAT}
    content = json.dumps([_normalised(list(items)), asked], sort_keys=True, separators=(",", ":"))
    return sha256(content.encode()).hexdigest()


def _normalised(value: Value) -> Value:
    """The tree as XML can write it: without null, empty objects and lists of a single entry."""
    if isinstance(value, dict):
        return {key: _normalised(child) for key, child in value.items()} or ""
    if isinstance(value, list):
        rows = [_normalised(child) for child in value]
        return rows[0] if len(rows) == 1 else rows or ""
    return "" if value is None else value
