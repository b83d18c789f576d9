"""Lots in JSON, as reads get them from their statement: the SQL of a lot, and the instance of its values."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from engagement.points.models import PointsLot
from loyalty_project.db.instances import read_instance

_PLAIN: Final = ("id", "account_id", "bill_id", "moved_from_id", "kind", "is_open", "moves", "moves_months")
_FIGURES: Final = ("points", "left", "expired", "returned", "moved")
_MOMENTS: Final = ("awarded_at", "opens_at")
# Items of an array of JSON, of the row `lot`: three arrays and a day.
LOT: Final = f"""json_build_array({", ".join(f"lot.{name}" for name in _PLAIN)}),
            json_build_array({", ".join(f'lot."{name}"::text' for name in _FIGURES)}),
            json_build_array({", ".join(f"lot.{name}" for name in _MOMENTS)}), lot.expires_on"""


def read_lot(values: Sequence[Any]) -> PointsLot:
    """The lot of the four items of `LOT`."""
    plain, figures, moments, expires_on = values
    return read_instance(
        PointsLot,
        **dict(zip(_PLAIN, plain, strict=True)),
        **dict(zip(_FIGURES, map(Decimal, figures), strict=True)),
        **dict(zip(_MOMENTS, map(moment_of, moments), strict=True)),
        expires_on=day_of(expires_on),
    )


def day_of(text: str | None) -> date | None:
    """The day of a value of JSON."""
    return date.fromisoformat(text) if text else None


def moment_of(text: str | None) -> datetime | None:
    """The moment (UTC) of a value of JSON."""
    return datetime.fromisoformat(text) if text else None
