"""Rate limits: calls of a caller in a minute."""

from datetime import UTC, datetime

import pytest
import time_machine

from organizations.credentials import rate_limits
from organizations.credentials.models import RateLease
from organizations.credentials.rate_limits import forget_leases, spend_permit
from tests.races import race

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = int(NOON.timestamp()) // 60


def spent(count: int, *, limit: int, caller: str = "till:shop") -> int:
    """How many of `count` calls were allowed."""
    return sum(spend_permit(caller, limit=limit).allowed for _ in range(count))


@pytest.mark.django_db
def test_a_minute_has_exactly_so_many_calls_and_so_has_the_next() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        assert spent(130, limit=120) == 120
        now.shift(60)
        assert spent(130, limit=120) == 120


@pytest.mark.django_db
def test_a_query_is_needed_for_every_fiftieth_of_the_limit_only(django_assert_num_queries) -> None:
    with time_machine.travel(NOON, tick=False):
        with django_assert_num_queries(1):
            assert spent(20, limit=1000) == 20
        with django_assert_num_queries(1):
            assert spent(20, limit=1000) == 20
        assert spent(960, limit=1000) == 960
        with django_assert_num_queries(0):
            assert spent(5, limit=1000) == 0


@pytest.mark.django_db
def test_an_answer_carries_the_calls_left_and_the_reset_time() -> None:
    with time_machine.travel(NOON.replace(second=18), tick=False):
        allowances = [spend_permit("till:shop", limit=3) for _ in range(4)]
    assert [allowance.remaining for allowance in allowances] == [2, 1, 0, 0]
    assert [allowance.allowed for allowance in allowances] == [True, True, True, False]
    assert {allowance.resets_at for allowance in allowances} == {int(NOON.timestamp()) + 60}
    with time_machine.travel(NOON.replace(second=18), tick=False):
        assert allowances[-1].retry_after == 42
    with time_machine.travel(NOON.replace(minute=1), tick=False):
        assert allowances[-1].retry_after == 1


@pytest.mark.django_db
def test_processes_share_the_minute() -> None:
    with time_machine.travel(NOON, tick=False):
        assert spent(30, limit=100) == 30
        forget_leases()
        assert spent(100, limit=100) == 70
        forget_leases()
        assert spent(1, limit=100) == 0
        assert spend_permit("till:shop", limit=100).remaining == 0


@pytest.mark.django_db
def test_the_last_to_take_gets_no_more_than_there_is() -> None:
    RateLease.objects.create(caller="till:shop", minute=MINUTE, leased=995)
    with time_machine.travel(NOON, tick=False):
        assert spent(20, limit=1000) == 5


@pytest.mark.django_db
def test_callers_have_minutes_of_their_own() -> None:
    with time_machine.travel(NOON, tick=False):
        assert spent(5, limit=3) == 3
        assert spent(5, limit=3, caller="client:shop") == 3


@pytest.mark.django_db
def test_a_changed_limit_counts_at_once() -> None:
    with time_machine.travel(NOON, tick=False):
        assert spent(5, limit=3) == 3
        assert spent(5, limit=4) == 1
        assert spent(1, limit=2) == 0


@pytest.mark.django_db
def test_a_process_with_a_slow_clock_takes_from_the_newest_minute() -> None:
    RateLease.objects.create(caller="till:shop", minute=MINUTE + 1, leased=1)
    with time_machine.travel(NOON, tick=False) as now:
        assert spent(5, limit=3) == 2
        now.shift(60)
        assert spent(5, limit=3) == 0


@pytest.mark.django_db
def test_a_row_of_a_wrong_clock_is_set_right() -> None:
    RateLease.objects.create(caller="till:shop", minute=MINUTE + 500, leased=3)
    with time_machine.travel(NOON, tick=False):
        assert spent(5, limit=3) == 3
    assert RateLease.objects.get().minute == MINUTE


@pytest.mark.django_db
def test_a_clock_that_was_set_back_does_not_keep_the_old_minute() -> None:
    with time_machine.travel(NOON, tick=False) as now:
        assert spent(5, limit=3) == 3
        now.shift(-600)
        assert spent(5, limit=3) == 3


@pytest.mark.django_db
def test_the_least_recent_caller_is_forgotten_when_there_are_too_many(monkeypatch, django_assert_num_queries) -> None:
    monkeypatch.setattr(rate_limits, "MOST_CALLERS", 2)
    with time_machine.travel(NOON, tick=False):
        for caller in ("a", "b", "a", "c"):
            spend_permit(caller, limit=6000)
        with django_assert_num_queries(0):
            spend_permit("a", limit=6000)
        with django_assert_num_queries(1):
            spend_permit("b", limit=6000)


@pytest.mark.django_db(transaction=True)
def test_threads_together_never_pass_the_limit() -> None:
    with time_machine.travel(NOON, tick=False):
        allowed = race([[None] * 40] * 8, lambda _: spend_permit("till:shop", limit=200).allowed)
    assert sum(allowed) == 200


@pytest.mark.django_db(transaction=True)
def test_processes_together_never_pass_the_limit_nor_leave_anything() -> None:
    def one_process_each(_: None) -> int:
        # Without memory every call asks the table, as the first call of so many processes does.
        lease = rate_limits._Lease(minute=MINUTE, limit=90, not_taken=90)
        rate_limits._take(lease, "till:shop")
        return lease.left

    assert sum(race([[None] * 15] * 8, one_process_each)) == 90
