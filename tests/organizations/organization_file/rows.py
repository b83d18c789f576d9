"""Rows that an organization file leads to"""

from typing import Any


def rows_of(model: Any, *names: str) -> list[Any]:
    return list(model.objects.values_list(*names))
