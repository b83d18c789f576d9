"""When do points expire? What an award's rule says, as the last good day in the organization's zone (docs/protocol.md 2.7)."""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engagement.numbers.days import months_later, years_later
from engagement.points.models import PointsLot

Moves = PointsLot.Moves
FieldDate = Callable[[str], date | None]
_MOVING = {"last_activity": Moves.LAST_ACTIVITY, "rolling": Moves.ROLLING, "membership": Moves.MEMBERSHIP}


class ExpiryError(ValueError):
    """The rule gives no date for this customer (code 1093)."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last good day; None: never, or it moves: with the customer's last bill, with every earning, or with the tier."""

    on: date | None = None
    moves: str = Moves.NOT
    months: int | None = None


NEVER = Expiry()


def expiry_of(rule: Mapping[str, Any] | None, *, awarded_on: date, registered_on: date, field_date: FieldDate) -> Expiry:
    """What `rule` (as the organization file has it; None is never) means for points awarded on that day.

    `field_date` tells the date in the customer's field of that name. Raises `ExpiryError`.
    """
    rule = rule or {"kind": "never"}
    kind: str = rule["kind"]
    value: Any = rule.get("value")
    if kind in _MOVING:
        return Expiry(moves=_MOVING[kind], months=value)
    try:
        if kind == "days":
            return Expiry(awarded_on + timedelta(days=value))
        if kind == "months":
            return Expiry(_month_end(months_later(awarded_on, value)))
        if kind == "date":
            return Expiry(date.fromisoformat(value))
        if kind == "anniversary":
            return Expiry(_anniversary(registered_on, value, after=awarded_on))
        if kind == "field":
            return Expiry(_next_occurrence(field_date(rule["name"]), awarded_on) + timedelta(days=value or 0))
    except (ValueError, OverflowError) as error:
        raise ExpiryError(f"the expiry {kind} gives no date") from error
    return NEVER


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _anniversary(registered_on: date, number: int, *, after: date) -> date:
    """The `number`-th anniversary of the registration that lies behind `after`."""
    years = max(after.year - registered_on.year, 0)
    first = years if years and years_later(registered_on, years) > after else years + 1
    return years_later(registered_on, first + number - 1)


def _next_occurrence(day: date | None, on: date) -> date:
    """The first day not before `on` on which the date comes round; itself, where it still lies ahead."""
    if day is None:
        raise ExpiryError("the customer's field holds no date")
    years = max(on.year - day.year, 0)
    found = years_later(day, years)
    return found if found >= on else years_later(day, years + 1)
