"""Verification of secrets, and its cache."""

from datetime import timedelta
from threading import BoundedSemaphore, Thread

import pytest
import time_machine
from django.db import OperationalError, connection

from organizations.credentials import verification_cache as module
from organizations.credentials.failed_attempts import counted_attempt
from organizations.credentials.hashing import hash_secret, verify_secret
from organizations.credentials.models import CredentialFailure
from organizations.credentials.verification_cache import (
    VerificationCache,
    VerificationUnavailableError,
    refuse_credential,
    verified_secrets,
    verify_cached,
)
from tests.races import race

HOME = "192.0.2.1"


class SlowCheck:
    """The slow check, counted."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, stored_hash: str, secret: str) -> bool:
        self.calls += 1
        return verify_secret(stored_hash, secret)


def show(check: SlowCheck, stored: str, secret: str, address: str = HOME) -> bool:
    return verify_cached("till:shop", stored_hash=stored, secret=secret, address=address, verify=check)


@pytest.mark.django_db
def test_a_secret_is_checked_slowly_once(django_assert_num_queries) -> None:
    stored, check = hash_secret("right"), SlowCheck()
    assert show(check, stored, "right")
    with django_assert_num_queries(0):
        assert show(check, stored, "right")
    assert check.calls == 1


@pytest.mark.django_db
def test_a_wrong_secret_is_never_remembered() -> None:
    stored, check = hash_secret("right"), SlowCheck()
    assert not show(check, stored, "wrong")
    assert not show(check, stored, "wrong")
    assert check.calls == 2
    assert len(verified_secrets) == 0


@pytest.mark.django_db
def test_a_changed_hash_invalidates_old_entries() -> None:
    check = SlowCheck()
    assert show(check, hash_secret("right"), "right")
    assert not show(check, hash_secret("new"), "right")


@pytest.mark.django_db
def test_guesses_do_not_stop_an_address_where_it_was_right() -> None:
    stored, check = hash_secret("right"), SlowCheck()
    assert show(check, stored, "right")
    for _ in range(10):
        assert not show(check, stored, "guess")
    verified_secrets.clear()  # a new process
    assert show(check, stored, "right")


@pytest.mark.django_db
def test_while_a_delay_runs_nothing_is_checked() -> None:
    stored, check = hash_secret("right"), SlowCheck()
    for _ in range(10):
        assert not show(check, stored, "guess")
    assert check.calls == 5
    assert not show(check, stored, "right")
    assert show(check, stored, "right", address="198.51.100.7")


@pytest.mark.django_db
def test_unknown_names_cost_a_check_until_their_address_has_tried_too_many(monkeypatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr(module, "verify_secret", lambda _stored, secret: bool(checked.append(secret)))
    for number in range(10):
        refuse_credential(f"guess {number}", address=HOME)
    assert len(checked) == 5
    refuse_credential("guess", address="198.51.100.7")
    assert len(checked) == 6
    assert list(CredentialFailure.objects.values_list("name", flat=True)) == ["unknown"] * 2


@pytest.mark.django_db
def test_a_credential_that_does_not_exist_is_never_right() -> None:
    assert not verify_secret(module._decoy(1, 8), "")


@pytest.mark.django_db
def test_a_wait_that_is_too_long_is_reported(monkeypatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.01)
    with module._slow_hash:
        with pytest.raises(VerificationUnavailableError):
            show(SlowCheck(), hash_secret("right"), "right")
        with pytest.raises(VerificationUnavailableError):
            refuse_credential("guess", address=HOME)


@pytest.mark.django_db
def test_a_check_behind_a_full_queue_is_reported_at_once(monkeypatch) -> None:
    monkeypatch.setattr(module, "_waiting", BoundedSemaphore(1))
    with module._turn(), pytest.raises(VerificationUnavailableError):
        show(SlowCheck(), hash_secret("right"), "right")


@pytest.mark.django_db(transaction=True)
def test_calls_that_arrive_together_share_one_check() -> None:
    stored, check = hash_secret("right"), SlowCheck()
    assert all(race([[None]] * 8, lambda _: show(check, stored, "right")))
    assert check.calls == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_checked_five_times() -> None:
    stored, check = hash_secret("right"), SlowCheck()
    assert not any(race([[f"guess {lane}"] for lane in range(12)], lambda guess: show(check, stored, guess)))
    assert check.calls == 5


@pytest.mark.django_db(transaction=True)
def test_a_row_locked_too_long_is_reported() -> None:
    def ask_meanwhile() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '50ms'")
            with pytest.raises(VerificationUnavailableError):
                show(SlowCheck(), hash_secret("right"), "right")
        finally:
            connection.close()

    with counted_attempt("till:shop", HOME):
        thread = Thread(target=ask_meanwhile)
        thread.start()
        thread.join()


@pytest.mark.django_db
def test_a_failure_of_the_database_is_no_answer() -> None:
    def cancelled(stored_hash: str, secret: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '20ms'")
            cursor.execute("SELECT pg_sleep(5)")
        return True

    with pytest.raises(OperationalError):
        verify_cached("till:shop", stored_hash="h", secret="s", address=HOME, verify=cancelled)
    assert len(verified_secrets) == 0


def test_entries_expire_after_their_lifetime() -> None:
    cache = VerificationCache(lifetime=timedelta(hours=12))
    with time_machine.travel("2026-05-01T00:00Z", tick=False) as now:
        cache.add(name="till:a", stored_hash="h", secret="s")
        now.shift(timedelta(hours=12, seconds=-1))
        assert cache.holds(name="till:a", stored_hash="h", secret="s")
        now.shift(1)
        assert not cache.holds(name="till:a", stored_hash="h", secret="s")
        assert len(cache) == 0


def test_the_least_recently_used_entry_is_evicted() -> None:
    cache = VerificationCache(max_entries=2)
    for name in ("a", "b"):
        cache.add(name=name, stored_hash="h", secret="s")
    assert cache.holds(name="a", stored_hash="h", secret="s")
    cache.add(name="c", stored_hash="h", secret="s")
    assert [cache.holds(name=name, stored_hash="h", secret="s") for name in "abc"] == [True, False, True]


@pytest.mark.parametrize("other", [("till:b", "h", "s"), ("till:a", "g", "s"), ("till:a", "h", "t"), ("till:a", "hs", "")])
def test_an_entry_is_of_one_credential_one_hash_and_one_secret(other: tuple[str, str, str]) -> None:
    cache = VerificationCache()
    cache.add(name="till:a", stored_hash="h", secret="s")
    name, stored_hash, secret = other
    assert not cache.holds(name=name, stored_hash=stored_hash, secret=secret)


def test_another_process_has_another_key() -> None:
    first, other = VerificationCache(), VerificationCache()
    assert first._entry("a", "h", "s") != other._entry("a", "h", "s")
