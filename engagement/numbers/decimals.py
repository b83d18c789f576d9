"""Decimals out of stored JSON."""

from decimal import Decimal
from typing import Any


def decimal(value: Any) -> Decimal | None:
    """A number of the rules (JSON) as an exact decimal; None for none."""
    return None if value is None else exact_decimal(value)


def exact_decimal(value: Any) -> Decimal:
    """A number of the rules (JSON), always given, as an exact decimal."""
    return Decimal(str(value))
