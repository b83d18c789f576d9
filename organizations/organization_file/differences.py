"""Differences between two JSON values as printed lines, each with its path."""

import json
from collections.abc import Iterator
from typing import Any


def differences(path: str, old: Any, new: Any) -> Iterator[str]:
    """A line for each path at which two JSON values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from differences(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(item, dict) for item in [*old, *new]):
        for number in range(max(len(old), len(new))):
            at = f"{path}[{number}]"
            if number >= len(old):
                yield f"{at}: added"
            elif number >= len(new):
                yield f"{at}: removed"
            else:
                yield from differences(at, old[number], new[number])
    elif old != new:
        yield f"{path}: removed" if new is None and isinstance(old, dict | list) else f"{path}: {shown(old)} -> {shown(new)}"


def shown(value: Any) -> str:
    """A JSON value as printed."""
    return json.dumps(value, ensure_ascii=False, default=str)
