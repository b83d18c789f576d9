"""Answers as JSON: trees of dict, list, str, int, Decimal and None (docs/protocol.md 1.4).

Booleans and floats raise: the protocol writes "true" and "false", and its figures are exact.
"""

import re
from decimal import Decimal
from typing import Any, Final

import orjson

from loyalty_project.protocol.numbers import plain_digits

REPLACEMENT: Final = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(tree: Any) -> bytes:
    """The tree as JSON. Decimals are plain numbers, without a point if whole. Lone surrogates become U+FFFD.

    Raises TypeError for booleans, floats and other types.
    """
    _check(tree)
    return to_plain_json(tree)


def to_plain_json(tree: Any) -> bytes:
    """The tree as JSON for calls without the envelope, where booleans are JSON's own. The rest is as in `to_json`."""
    try:
        return orjson.dumps(tree, default=_number)
    except orjson.JSONEncodeError:
        return orjson.dumps(_without_surrogates(tree), default=_number)


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(plain_digits(value))
    raise TypeError(f"{type(value).__name__} in an answer")


def _check(value: Any) -> None:
    """Refuse booleans and floats, which orjson would write."""
    if isinstance(value, dict):
        for child in value.values():
            if type(child) is not str:
                _check(child)
    elif isinstance(value, list):
        for child in value:
            if type(child) is not str:
                _check(child)
    elif isinstance(value, bool | float):
        raise TypeError(f"{type(value).__name__} in an answer")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(REPLACEMENT, value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(child) for child in value]
    return value
