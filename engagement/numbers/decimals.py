"""Decimals out of stored JSON."""

from decimal import Decimal
from typing import Any


def decimal(value: Any) -> Decimal | None:
    """A number of the rules (JSON) as an exact decimal; None for none."""
    return None if value is None else Decimal(str(value))
