"""Periods of days, and days that are counted together."""

import itertools
from datetime import UTC, date, datetime

import pytest

from engagement.figures.periods import Period, periods_of, runs_of

MARCH = Period(date(2026, 3, 1), date(2026, 3, 30))


def test_a_period_ends_on_a_day_and_has_so_many() -> None:
    assert Period.ending(date(2026, 3, 30), 30) == MARCH
    assert MARCH.days == 30
    assert date(2026, 3, 1) in MARCH
    assert date(2026, 3, 30) in MARCH
    assert date(2026, 2, 28) not in MARCH
    assert date(2026, 3, 31) not in MARCH


def test_the_period_before_is_as_long() -> None:
    assert MARCH.before == Period(date(2026, 1, 30), date(2026, 2, 28))


def test_periods_and_those_before_them() -> None:
    periods = periods_of(date(2026, 3, 30))
    assert [period.days for period in periods] == [7, 30, 90, 7, 30, 90]
    assert {period.last_day for period in periods[:3]} == {date(2026, 3, 30)}
    assert periods[3:] == [period.before for period in periods[:3]]


@pytest.mark.parametrize(("days", "lengths"), [(1, [1] * 30), (7, [2, 7, 7, 7, 7]), (30, [30]), (40, [30])])
def test_parts_of_a_period_end_with_it(days: int, lengths: list[int]) -> None:
    parts = list(MARCH.parts(days))
    assert [part.days for part in parts] == lengths
    assert parts[0].first_day == MARCH.first_day
    assert parts[-1].last_day == MARCH.last_day
    assert all(after.first_day.toordinal() == part.last_day.toordinal() + 1 for part, after in itertools.pairwise(parts))


def test_moments_are_a_day_wider_than_any_zone() -> None:
    assert MARCH.moments() == (datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def test_days_in_a_row_are_one_run() -> None:
    days = [date(2026, 3, day) for day in (1, 2, 3, 5, 8, 9)]
    assert [(run.first_day.day, run.last_day.day) for run in runs_of(days, longest=92)] == [(1, 3), (5, 5), (8, 9)]
    assert [(run.first_day.day, run.last_day.day) for run in runs_of(days, longest=2)] == [(1, 2), (3, 3), (5, 5), (8, 9)]
    assert list(runs_of([], longest=2)) == []
