"""Throttling of failed log-ins."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from organizations.credentials import failed_attempts as module
from organizations.credentials.failed_attempts import counted_attempt, is_proven, prune_failures
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
        admitted("client:" + "k" * 100)
    assert not is_proven("client:" + "k" * 100, HOME)
    assert list(CredentialFailure.objects.values_list("failures", flat=True)) == [2]


@pytest.mark.django_db
def test_a_new_row_drops_the_rows_of_yesterday() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        admitted("till:old")
        now.shift(timedelta(hours=23))
        admitted("till:young")
        now.shift(timedelta(hours=1))
        admitted("till:new")
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


@pytest.mark.django_db
def test_an_address_from_which_it_was_right_never_waits() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        assert admitted(succeeds=True)
        assert is_proven("till:shop", HOME)
        assert all(admitted() for _ in range(20))
        assert admitted(succeeds=True)
        now.shift(timedelta(days=30))
        assert not is_proven("till:shop", HOME)
        assert [admitted() for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.django_db
def test_what_was_right_elsewhere_or_of_another_name_proves_nothing() -> None:
    with time_machine.travel(NOON, tick=False):
        admitted(succeeds=True)
        assert [admitted(address=ELSEWHERE) for _ in range(6)] == [True] * 5 + [False]
        assert [admitted("till:other") for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.django_db
def test_rows_of_failures_are_bounded_and_proven_ones_stay(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 5)
    admitted("till:good", succeeds=True)
    for number in range(30):
        admitted("till:shop", f"192.0.2.{number}")
    names = list(CredentialFailure.objects.values_list("name", flat=True))
    assert len(names) <= 7
    assert "till:good" in names
