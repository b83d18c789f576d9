"""Expiry of points by the rule of an award: the last day in the organization's zone (docs/protocol.md 2.7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from engagement.numbers.days import month_end, months_later, years_later
from engagement.points.models import PointsLot
from engagement.programs.rules import ExpiryKind, ExpiryRule

Moves = PointsLot.Moves
FieldDate = Callable[[str], date | None]
_MOVING = {
    ExpiryKind.LAST_ACTIVITY: Moves.LAST_ACTIVITY,
    ExpiryKind.ROLLING: Moves.ROLLING,
    ExpiryKind.MEMBERSHIP: Moves.MEMBERSHIP,
}


class ExpiryError(ValueError):
    """The rule gives no date for this customer (code 1093)."""


class PastExpiryError(ExpiryError):
    """The day of the rule is past when the points are awarded: there is nothing to award (code 1093)."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """The last day of points. None: never, or it moves with the last bill, with every earning, or with the tier."""

    on: date | None = None
    moves: str = Moves.NOT
    months: int | None = None


NEVER = Expiry()


def expiry_of(rule: ExpiryRule, *, awarded_on: date, registered_on: date, field_date: FieldDate) -> Expiry:
    """Expiry of points awarded on that day by `rule`. `field_date` reads the customer's field of a name.

    Raises `ExpiryError`; `PastExpiryError` for a rule whose date is before `awarded_on`.
    """
    if rule.kind in _MOVING:
        return Expiry(moves=_MOVING[rule.kind], months=rule.number or None)
    if rule.kind is ExpiryKind.DATE and rule.day is not None:
        if rule.day < awarded_on:
            raise PastExpiryError(f"the points would have expired on {rule.day}")
        return Expiry(rule.day)
    try:
        match rule.kind:
            case ExpiryKind.NEVER:
                return NEVER
            case ExpiryKind.DAYS:
                return Expiry(awarded_on + timedelta(days=rule.number))
            case ExpiryKind.MONTHS:
                return Expiry(month_end(months_later(awarded_on, rule.number)))
            case ExpiryKind.ANNIVERSARY:
                return Expiry(_anniversary(registered_on, rule.number, after=awarded_on))
            case ExpiryKind.FIELD:
                return Expiry(_next_occurrence(field_date(rule.field), awarded_on) + timedelta(days=rule.number))
    except (ValueError, OverflowError) as error:
        raise ExpiryError(f"the expiry {rule.kind} gives no date") from error
    raise ExpiryError(f"the expiry {rule.kind} gives no date")


def _anniversary(registered_on: date, number: int, *, after: date) -> date:
    """The `number`-th anniversary of the registration after the day `after`."""
    years = max(after.year - registered_on.year, 0)
    first = years if years and years_later(registered_on, years) > after else years + 1
    return years_later(registered_on, first + number - 1)


def _next_occurrence(day: date | None, on: date) -> date:
    """The first recurrence of the date on or after `on`; the date itself if it is in the future."""
    if day is None:
        raise ExpiryError("the customer's field holds no date")
    years = max(on.year - day.year, 0)
    recurrence = years_later(day, years)
    return recurrence if recurrence >= on else years_later(day, years + 1)
