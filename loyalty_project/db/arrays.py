"""Arrays as parameters of statements, written as text: the server reads them as the type that the statement casts them to.

The driver sends a list of numbers with the smallest type that holds them, and a statement is prepared anew for each
combination of types. Text has one type, and is quicker to write.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

Writer = Callable[[Sequence[Any]], str]


def id_array(ids: Iterable[int]) -> str:
    """Ids or other whole numbers as an array."""
    return f"{{{','.join(map(str, ids))}}}"


def number_array(values: Iterable[int | Decimal | None]) -> str:
    """Numbers as an array; None is NULL."""
    return f"{{{','.join(['NULL' if value is None else str(value) for value in values])}}}"


def integer_array(values: Iterable[int | None]) -> str:
    """Whole numbers as an array; None is NULL."""
    return f"{{{','.join(['NULL' if value is None else str(int(value)) for value in values])}}}"


def boolean_array(values: Iterable[bool | None]) -> str:
    """Truth values as an array; None is NULL."""
    return f"{{{','.join(['NULL' if value is None else 't' if value else 'f' for value in values])}}}"


def moment_array(values: Iterable[date | None]) -> str:
    """Days or moments as an array; None is NULL."""
    return f"{{{','.join(['NULL' if value is None else value.isoformat() for value in values])}}}"


def text_array(values: Iterable[str | None]) -> str:
    """Texts as an array; None is NULL."""
    return f"{{{','.join(['NULL' if value is None else _quoted(value) for value in values])}}}"


def _quoted(value: str) -> str:
    text = value if type(value) is str else str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
