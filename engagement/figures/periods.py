"""Periods of days that figures are shown for, and the days that are counted together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

# The lengths to choose from, in days.
LENGTHS: Final = (7, 30, 90)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included."""

    first_day: date
    last_day: date

    @classmethod
    def ending(cls, last_day: date, days: int) -> "Period":
        """The period of so many days."""
        return cls(last_day - (days - 1) * _DAY, last_day)

    @property
    def days(self) -> int:
        """The number of its days."""
        return (self.last_day - self.first_day).days + 1

    @property
    def before(self) -> "Period":
        """The period as long that ends on the day before it."""
        return Period.ending(self.first_day - _DAY, self.days)

    def __contains__(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day

    def moments(self) -> tuple[datetime, datetime]:
        """Moments between which its days lie in any zone, whatever its clocks do at midnight: a day more at either end."""
        first, last = (datetime.combine(day, time.min, UTC) for day in (self.first_day, self.last_day))
        return first - _DAY, last + 2 * _DAY

    def parts(self, days: int) -> "Iterator[Period]":
        """The period in parts of so many days, the first one shorter if it does not come out even."""
        last = self.last_day - (self.days - 1) // days * days * _DAY
        first = self.first_day
        while last <= self.last_day:
            yield Period(first, last)
            first, last = last + _DAY, last + days * _DAY


def periods_of(last_day: date) -> list[Period]:
    """The periods that end on this day, and those before them."""
    current = [Period.ending(last_day, days) for days in LENGTHS]
    return [*current, *(period.before for period in current)]


def runs_of(days: Iterable[date], *, longest: int) -> Iterator[Period]:
    """Days in ascending order as periods without gaps, of at most so many days each."""
    run: Period | None = None
    for day in days:
        if run is not None and day == run.last_day + _DAY and run.days < longest:
            run = Period(run.first_day, day)
            continue
        if run is not None:
            yield run
        run = Period(day, day)
    if run is not None:
        yield run
