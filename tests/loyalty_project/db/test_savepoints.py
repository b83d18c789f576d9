"""Steps that fail alone: with a savepoint, or by repeating the work with savepoints."""

import pytest
from django.db import DataError, connection, transaction

from loyalty_project.db.savepoints import Steps, UnconfinedError, confined

pytestmark = pytest.mark.django_db


def fail() -> None:
    with confined(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def test_a_step_that_fails_is_undone_alone() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        with pytest.raises(DataError):
            fail()
        cursor.execute("SELECT 1")


def test_a_step_of_repeated_work_has_no_savepoint(django_assert_num_queries) -> None:
    steps = Steps()
    with steps.taken(), transaction.atomic(), django_assert_num_queries(1), confined(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert steps.were_taken


def test_a_step_that_fails_without_savepoint_asks_for_the_repetition() -> None:
    steps = Steps()
    with pytest.raises(UnconfinedError), transaction.atomic(), steps.taken():
        fail()
    steps.has_savepoints = True
    with transaction.atomic(), steps.taken(), pytest.raises(DataError):
        fail()
