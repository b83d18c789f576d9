"""Which day is it so many months or years later? Where that month is shorter, its last one (docs/protocol.md 7)."""

from calendar import monthrange
from datetime import date


def months_later(day: date, months: int) -> date:
    """The day `months` (>= 0) after `day`: the same day of that month, or its last. Raises ValueError after the year 9999."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        raise ValueError(f"{months} months after {day} is beyond the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def years_later(day: date, years: int) -> date:
    """The day `years` (>= 0) after `day`; February 29 becomes February 28 where there is none. Errors as above."""
    return months_later(day, 12 * years)


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=monthrange(day.year, day.month)[1])
