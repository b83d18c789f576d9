"""Do two calls ask for the same? Their digests are equal then, whatever format they were written in (docs/protocol.md 1.10)."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from loyalty_project.protocol.values import Item, Value

# It says how the answer is written, not what is asked for.
_FORMAT = "format"


def content_digest(items: Sequence[Item], query: Mapping[str, str]) -> str:
    """The SHA-256, in hex, of a call's items in their order and of its query, but for `format`."""
    asked = {key: value for key, value in query.items() if key != _FORMAT}
    content = json.dumps([_one_spelling(list(items)), asked], sort_keys=True, separators=(",", ":"))
    return sha256(content.encode()).hexdigest()


def _one_spelling(value: Value) -> Value:
    """The tree as XML can write it, which has neither null nor empty objects nor lists of one."""
    if isinstance(value, dict):
        return {key: _one_spelling(one) for key, one in value.items()} or ""
    if isinstance(value, list):
        rows = [_one_spelling(one) for one in value]
        return rows[0] if len(rows) == 1 else rows or ""
    return "" if value is None else value
