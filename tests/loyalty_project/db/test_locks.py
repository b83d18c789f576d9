"""A name that one process holds, and values that one transaction holds."""

from collections.abc import Iterator
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction

from loyalty_project.db import locks
from loyalty_project.db.locks import hold_name, lock_values, most_values, without_value_locks
from organizations.imports.command import BATCH_SIZE
from tests.races import on_another_connection

MANY = [("identifier", 1, "mobile", str(919_800_000_000 + number)) for number in range(800)]
OTHERS = [("identifier", 1, "mobile", str(919_900_000_000 + number)) for number in range(800)]


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


def is_free(values: list[tuple[object, ...]]) -> bool:
    """Whether another transaction can lock the values at once."""

    def take() -> bool:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '50ms'")
                lock_values(values)
        except OperationalError:
            return False
        return True

    return on_another_connection(take)


def advisory_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_values_wait_for_equal_ones_only(transactional_db):
    with transaction.atomic():
        lock_values(MANY)
        assert (is_free(OTHERS), is_free(MANY[-1:]), is_free([("bill", *MANY[0][1:])])) == (True, False, True)
    assert is_free(MANY)


def test_twin_with_few_locks_makes_other_values_wait(transactional_db, monkeypatch):
    monkeypatch.setattr(locks, "_number_of", lambda value: hash(value) % 256)
    with transaction.atomic():
        lock_values(MANY)
        assert not is_free(OTHERS)


def test_values_of_another_kind_or_division_have_their_own_locks(transactional_db):
    with transaction.atomic():
        lock_values([("bill", 1, "ab", "c"), ("bill", 1, "ab", "c")])
        assert advisory_locks() == 1
        assert is_free([("bill", 1, "a", "bc"), ("bill", 2, "ab", "c"), ("bill", "1", "ab", "c")])


def test_work_that_is_rolled_back_locks_no_values(transactional_db):
    with transaction.atomic():
        with without_value_locks():
            lock_values(MANY)
        assert advisory_locks() == 0
        lock_values(MANY[:2])
        assert advisory_locks() == 2


def test_a_batch_of_an_import_fits_into_the_lock_table(db):
    assert 4 * BATCH_SIZE <= most_values() == 64 * 100 // 8
