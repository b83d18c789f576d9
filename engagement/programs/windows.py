"""Windows of trackers: pure functions."""

from datetime import date, timedelta
from typing import Final

from engagement.numbers.days import months_later
from engagement.programs.rules import Period, TrackerMode, TrackerRule

_MONTHS: Final = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


def first_day(tracker: TrackerRule, today: date) -> date | None:
    """The first day of the tracker's window, which ends `today`, in the organization's zone.

    None for a window that is each customer's own: since the tier was reached or, without a tier, since the enrolment.
    """
    if tracker.mode == TrackerMode.MOVING:
        return today - timedelta(days=tracker.days - 1)
    if tracker.mode == TrackerMode.CYCLIC and tracker.start is not None:
        return today - timedelta(days=(today - tracker.start).days % tracker.days)
    if tracker.mode == TrackerMode.CALENDAR and tracker.period is not None:
        months = _MONTHS[tracker.period]
        return date(today.year, (today.month - 1) // months * months + 1, 1)
    return None


def value_holds_until(tracker: TrackerRule, counted_on: date) -> date:
    """The day until which a tracker's value lasts if what counts first was on `counted_on`: one window later.

    A window since the last change of the tier has no length: the day itself.
    """
    if tracker.period is not None:
        return months_later(counted_on, _MONTHS[tracker.period])
    return counted_on + timedelta(days=tracker.days)
