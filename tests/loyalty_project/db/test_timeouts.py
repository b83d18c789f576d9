"""Questions that end in time."""

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from loyalty_project.db.timeouts import TookTooLongError, answered_within

pytestmark = pytest.mark.django_db(transaction=True)


def ask(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_what_is_answered_in_time_is_answered_and_the_limit_ends_with_it() -> None:
    before = ask("SHOW statement_timeout")
    with answered_within(1.5):
        assert ask("SHOW statement_timeout") == "1500ms"
    assert ask("SHOW statement_timeout") == before
    with transaction.atomic():
        with answered_within(1.5):
            assert ask("SHOW statement_timeout") == "1500ms"
        assert ask("SHOW statement_timeout") == before


def test_what_takes_longer_is_given_up() -> None:
    with pytest.raises(TookTooLongError), answered_within(0.05):
        ask("SELECT pg_sleep(60)")
    assert ask("SELECT 1") == 1


def test_other_failures_stay_what_they_are() -> None:
    with pytest.raises(ProgrammingError), answered_within(1):
        ask("SELECT nothing")
    with pytest.raises(OperationalError), answered_within(1):
        ask("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
