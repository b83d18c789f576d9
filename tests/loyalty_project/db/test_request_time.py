"""Time of a request, shared by all its statements (docs/operating.md, REQUEST_SECONDS)."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from loyalty_project.db import request_time as module
from loyalty_project.db.request_time import OutOfTimeError, RequestTime, limited_time, request_time

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Statements of 50 ms count as waits."""
    settings.REQUEST_SECONDS, settings.LOCK_SECONDS = 20, 5
    monkeypatch.setattr(module, "LONG_STATEMENT", 0.05)
    yield
    assert ask("SHOW lock_timeout") == "5s"
    assert ask("SHOW statement_timeout") == "1min"


def ask(*statements: str) -> str:
    """The answer to the last of the statements."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return str(cursor.fetchone()[0])


def milliseconds(setting: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM current_setting(%s)::interval) * 1000", [setting])
        return float(cursor.fetchone()[0])


@pytest.mark.usefixtures("quick")
def test_statements_without_a_wait_have_the_usual_limits() -> None:
    with limited_time(), transaction.atomic():
        assert (ask("SHOW lock_timeout"), ask("SHOW statement_timeout")) == ("5s", "1min")


@pytest.mark.usefixtures("quick")
def test_later_statements_and_transactions_wait_for_what_is_left() -> None:
    with limited_time():
        with transaction.atomic():
            ask("SELECT pg_sleep(0.3)")
            assert 1000 < milliseconds("lock_timeout") < 4700.1
            assert 10_000 < milliseconds("statement_timeout") < 19_700.1
        with transaction.atomic():
            assert 1000 < milliseconds("lock_timeout") < 4700.1


@pytest.mark.usefixtures("quick")
def test_patience_that_is_used_up_leaves_a_moment(settings: Settings) -> None:
    settings.LOCK_SECONDS = 0.1
    with limited_time():
        ask("SELECT pg_sleep(0.2)")
        with transaction.atomic():
            assert milliseconds("lock_timeout") == 10


@pytest.mark.usefixtures("quick")
def test_a_limit_that_is_lower_already_stays() -> None:
    with limited_time(), transaction.atomic():
        ask("SELECT pg_sleep(0.1)")
        ask("SELECT set_config('lock_timeout', '200ms', true)")
        assert milliseconds("lock_timeout") == 200


@pytest.mark.usefixtures("quick")
def test_once_the_time_is_used_no_statement_runs(settings: Settings) -> None:
    settings.REQUEST_SECONDS = 0.1
    with limited_time() as limit:
        ask("SELECT 1")
        ask("SELECT pg_sleep(0.2)")
        assert limit.is_over
        with pytest.raises(OutOfTimeError), transaction.atomic():
            ask("SELECT 1")
        limit.start_again()
        assert ask("SELECT 1") == "1"
    assert ask("SELECT 1") == "1"


@pytest.mark.usefixtures("quick")
def test_a_savepoint_is_undone_although_the_time_is_used(settings: Settings) -> None:
    settings.REQUEST_SECONDS = 0.1
    with transaction.atomic():
        with limited_time(), pytest.raises(OutOfTimeError), transaction.atomic():
            ask("SELECT set_config('regulars.seen', 'yes', true)", "SELECT pg_sleep(0.2)", "SELECT 1")
        assert ask("SELECT current_setting('regulars.seen', true)") in {"", "None"}


@pytest.mark.usefixtures("quick")
def test_a_statement_is_cancelled_when_the_time_is_used(settings: Settings) -> None:
    settings.REQUEST_SECONDS = 0.4
    with limited_time(), pytest.raises(OutOfTimeError), transaction.atomic():
        ask("SELECT pg_sleep(0.1)", "SELECT pg_sleep(60)")


def test_the_time_of_a_request_is_known_inside_of_it_only() -> None:
    assert request_time() is None
    with limited_time() as limit:
        assert isinstance(limit, RequestTime)
        assert request_time() is limit
    assert request_time() is None
