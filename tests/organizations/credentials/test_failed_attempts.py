"""Throttling of failed log-ins."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from organizations.credentials.failed_attempts import count_failure, counted_attempt, prune_failures
from organizations.credentials.models import CredentialFailure
from tests.races import race

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def admitted(name: str = "till:shop", address: str = HOME, *, succeeds: bool = False) -> bool:
    with counted_attempt(name, address) as attempt:
        attempt.succeeded = attempt.admitted and succeeds
    return attempt.admitted


def failures(name: str = "till:shop", address: str = HOME) -> int:
    return CredentialFailure.objects.filter(name=name, address=address).values_list("failures", flat=True).first() or 0


@pytest.mark.django_db
def test_five_failures_cost_nothing_and_the_sixth_attempt_has_to_wait() -> None:
    with time_machine.travel(NOON, tick=False):
        assert [admitted() for _ in range(7)] == [True] * 5 + [False] * 2
        assert failures() == 5


@pytest.mark.django_db
def test_delays_double_from_one_second_to_a_minute() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        for _ in range(5):
            assert admitted()
        for delay in [1, 2, 4, 8, 16, 32, 60, 60, 60]:
            now.shift(delay - 0.01)
            assert not admitted()
            now.shift(0.01)
            assert admitted()


@pytest.mark.django_db
def test_a_success_forgets_the_failures() -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(4):
            admitted()
        assert admitted(succeeds=True)
        assert failures() == 0


@pytest.mark.django_db
def test_a_success_that_was_not_admitted_cannot_be() -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            admitted()
        assert not admitted(succeeds=True)
        assert failures() == 5


@pytest.mark.django_db
def test_neither_another_address_nor_another_name_has_to_wait() -> None:
    with time_machine.travel(NOON, tick=False):
        for _ in range(6):
            admitted(address=ELSEWHERE)
        assert admitted()
        assert admitted("till:other", ELSEWHERE)


@pytest.mark.django_db
def test_a_day_of_silence_forgets_all() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        for _ in range(5):
            admitted()
        now.shift(timedelta(days=1))
        assert [admitted() for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.django_db
def test_a_name_longer_than_the_column_is_counted_all_the_same() -> None:
    for _ in range(2):
        count_failure("client:" + "k" * 100, HOME)
    assert list(CredentialFailure.objects.values_list("failures", flat=True)) == [2]


@pytest.mark.django_db
def test_a_new_row_drops_the_rows_of_yesterday() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        count_failure("till:old", HOME)
        now.shift(timedelta(hours=23))
        count_failure("till:young", HOME)
        now.shift(timedelta(hours=1))
        count_failure("till:new", HOME)
        assert set(CredentialFailure.objects.values_list("name", flat=True)) == {"till:young", "till:new"}
        now.shift(timedelta(days=1))
        assert prune_failures() == 2


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_all_counted() -> None:
    assert sorted(race([[None]] * 8, lambda _: admitted())) == [False] * 3 + [True] * 5
    assert failures() == 5


@pytest.mark.django_db(transaction=True)
def test_parallel_good_attempts_are_no_failures() -> None:
    assert all(race([[None]] * 8, lambda _: admitted(succeeds=True)))
    assert failures() == 0
