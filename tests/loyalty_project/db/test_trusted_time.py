"""Which time does irreversible work rely on?"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries
from structlog.testing import capture_logs

from loyalty_project.db import trusted_time
from loyalty_project.db.trusted_time import clock_lead, database_time, trusted

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def database_at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusted_time, "database_time", lambda: NOW)


@pytest.mark.usefixtures("database_at_noon")
@pytest.mark.parametrize("moment", [NOW - 400 * DAY, NOW, NOW + DAY])
def test_a_moment_up_to_a_day_ahead_is_trusted(moment: datetime) -> None:
    with capture_logs() as logs:
        assert trusted(moment) == moment
    assert logs == []


@pytest.mark.usefixtures("database_at_noon")
def test_a_later_moment_is_replaced_by_the_databases_time_and_logged() -> None:
    with capture_logs() as logs:
        assert NOW <= trusted(NOW + 400 * DAY) < NOW + timedelta(minutes=1)
    assert [(log["event"], log["log_level"], log["days"]) for log in logs] == [("clock_ahead_of_database", "error", 400)]


def test_the_database_is_asked_once_a_minute(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        for _ in range(3):
            trusted(datetime.now(UTC))


def test_the_databases_clock_does_not_travel_with_the_machines(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with time_machine.travel(datetime.now(UTC) + 400 * DAY):
        assert abs(clock_lead() - 400 * DAY) < timedelta(minutes=1)
        assert datetime.now(UTC) - database_time() > 399 * DAY
        assert datetime.now(UTC) - trusted(datetime.now(UTC)) > 399 * DAY
