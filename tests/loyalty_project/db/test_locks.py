"""A name that one process holds."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from django.db import connection

from loyalty_project.db.locks import hold_name


@pytest.fixture
def held_elsewhere(transactional_db) -> Iterator[Event]:
    """ "report" is held by another connection until the event is set."""
    is_held, release = Event(), Event()

    def hold() -> None:
        try:
            with hold_name("report", patience=1):
                is_held.set()
                release.wait(20)
        finally:
            connection.close()

    thread = Thread(target=hold)
    thread.start()
    assert is_held.wait(20)
    yield release
    release.set()
    thread.join()


def test_held_name_is_refused_after_a_while_and_others_are_free(held_elsewhere):
    with hold_name("report", patience=0.15) as is_held:
        assert not is_held
    with hold_name("another report", patience=0) as is_held:
        assert is_held


def test_name_is_got_as_soon_as_it_is_given_up(held_elsewhere):
    Thread(target=lambda: (Event().wait(0.2), held_elsewhere.set())).start()
    with hold_name("report", patience=20) as is_held:
        assert is_held


def test_name_is_free_again_after_a_failure(transactional_db):
    with pytest.raises(ValueError, match="inside"), hold_name("report", patience=0):
        raise ValueError("inside")
    with hold_name("report", patience=0) as is_held:
        assert is_held
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
