"""Filters for the templates of the back office."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from organizations.templatetags.back_office import days_ago, days_left

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "text"),
    [(10, "today"), (11, "tomorrow"), (22, "in 12 days"), (9, "")],
)
def test_days_ahead_are_counted(day: int, text: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert days_left(date(2026, 3, day)) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(-1, "in the future"), (0, "today"), (1, "yesterday"), (59, "59 days ago"), (60, "2 months ago"), (730, "2 years ago")],
)
def test_days_ago_become_months_and_years(days: int, text: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert days_ago(NOON - timedelta(days=days)) == text
