"""Which day is it so many months or years later?"""

from datetime import date

import pytest

from engagement.numbers.days import months_later, years_later


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
        (date(9998, 12, 31), 12, date(9999, 12, 31)),
    ],
)
def test_the_same_day_of_a_later_month_or_its_last(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


def test_years_later_keeps_the_day() -> None:
    assert years_later(date(2026, 3, 1), 100) == date(2126, 3, 1)
    assert years_later(date(2000, 2, 29), 100) == date(2100, 2, 28)


def test_the_calendar_ends() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        months_later(date(9999, 12, 1), 1)
