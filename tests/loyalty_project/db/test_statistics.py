"""Statistics of tables that were filled."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from loyalty_project.db import statistics
from loyalty_project.db.statistics import analyze_outdated_tables
from tests.printed_log import printed_log

Add = Callable[[int], bool]


@pytest.fixture
def add(transactional_db: None) -> Iterator[Add]:
    """Adds rows to a table; true if it is analyzed then. The table is gone after the test."""

    def add(rows: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO filled SELECT generate_series(1, %s)", [rows])
        return "filled" in analyze_outdated_tables()

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE filled (number integer) WITH (autovacuum_enabled = false)")
    yield add
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE filled")


def test_a_table_is_analyzed_after_enough_of_its_rows_changed(add: Add) -> None:
    assert [add(999), add(1), add(0), add(999)] == [False, True, False, False]
    assert [add(29_001), add(3_000), add(101)] == [True, False, True]


def test_many_changed_rows_are_enough_in_a_large_table(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_MOST", 2_000)
    assert [add(30_000), add(2_000), add(1)] == [True, False, True]


@pytest.mark.django_db
@pytest.mark.parametrize(("table", "reason"), [("pg_database", "permission denied to analyze"), ("absent", "42P01")])
def test_a_table_that_cannot_be_analyzed_is_logged(table: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_outdated_tables", lambda: [table])
    with printed_log() as log:
        assert analyze_outdated_tables() == []
    assert ("table_not_analyzed" in log.getvalue(), reason in log.getvalue()) == (True, True)
    assert connection.is_usable()


@pytest.mark.django_db
def test_statistics_that_cannot_be_read_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "_REPORT", "SELECT pg_stat_absent()")
    with printed_log() as log:
        assert analyze_outdated_tables() == []
    assert "statistics_not_renewed" in log.getvalue()
