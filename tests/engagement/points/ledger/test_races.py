"""Eight workers post on one account at the same moment: every version is there once, and no point is lost or spent twice.

The twins show that the test can fail: without the lock the constraint has to step in, without the constraint the lock suffices.
"""

import os
from collections import Counter
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from engagement.points.checks.run import check_ledger
from engagement.points.ledger import repository
from engagement.points.ledger.movements import award, spend
from engagement.points.ledger.posting import InsufficientPointsError, Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.models import Program
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import PointsAccountFactory, facts, give_points, state_of
from tests.races import all_read_before, meanwhile, race, remove_row_locks, wait_until_blocked

WORKERS = 8
ROUNDS = 400 if os.environ.get("REGULARS_PROOFS") == "full" else 15
# Half of the workers earn 3, half try to spend 5: sooner or later there is not enough.
EARNED, SPENT = Decimal(3), Decimal(5)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def points_account(transactional_db: None) -> PointsAccount:
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind", with_program=True)
        program = Program.objects.get(organization=organization, is_default=True)
        account = PointsAccountFactory(organization=organization, program=program)
        with transaction.atomic():
            give_points(account, 20)
    return account


def post_at_once(account: PointsAccount, *, rounds: int = ROUNDS) -> Counter[str]:
    """How often workers earned, spent, found too little, or ran into the constraint."""

    def work(worker: int) -> str:
        with organization_scope(account.organization_id):
            try:
                with transaction.atomic():
                    state = state_of(account)
                    if worker % 2:
                        award(state, EARNED, facts=facts())
                    else:
                        spend(state, SPENT, kind=Kind.REDEEM, facts=facts())
                    write_accounts([state])
            except InsufficientPointsError:
                return "too little"
            except IntegrityError as error:
                return "refused" if "points_entry_version_unique" in str(error) else str(error)
        return "earned" if worker % 2 else "spent"

    return Counter(race([[worker] * rounds for worker in range(WORKERS)], work))


def assert_all_is_right(account: PointsAccount, happened: Counter[str]) -> None:
    with organization_scope(account.organization_id):
        account.refresh_from_db()
        versions = PointsEntry.objects.filter(account=account).order_by("version").values_list("version", flat=True)
        assert account.balance == 20 + EARNED * happened["earned"] - SPENT * happened["spent"] >= 0
        assert list(versions) == list(range(1, 2 + happened["earned"] + happened["spent"]))
        assert list(check_ledger(account.organization)) == []


def test_every_posting_counts_once(points_account: PointsAccount) -> None:
    happened = post_at_once(points_account)
    assert happened["refused"] == 0
    assert happened["earned"] == WORKERS // 2 * ROUNDS
    assert_all_is_right(points_account, happened)


def test_twin_without_the_lock_runs_into_the_constraint(points_account: PointsAccount, monkeypatch: Any) -> None:
    remove_row_locks(monkeypatch, repository)
    with all_read_before(repository, "give_ids", workers=WORKERS):
        happened = post_at_once(points_account, rounds=1)
    assert happened["refused"] == WORKERS - 1
    assert_all_is_right(points_account, happened)


def test_twin_without_the_constraint_stays_right_by_the_lock(points_account: PointsAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_pointsentry DROP CONSTRAINT points_entry_version_unique")
    try:
        happened = post_at_once(points_account)
        assert_all_is_right(points_account, happened)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE engagement_pointsaccount CASCADE")
            cursor.execute(
                "ALTER TABLE engagement_pointsentry ADD CONSTRAINT points_entry_version_unique "
                "UNIQUE (organization_id, account_id, version)"
            )


def left_after_waiting(account: PointsAccount) -> Decimal:
    """The points in the account's lots as another session reads them that waited for its lock while 20 were spent."""

    def read() -> Decimal:
        with organization_scope(account.organization_id), transaction.atomic():
            return sum((lot.left for lot in state_of(account).lots), Decimal(0))

    with ExitStack() as waiting, organization_scope(account.organization_id):
        with transaction.atomic():
            state = state_of(account)
            running = waiting.enter_context(meanwhile(read))
            wait_until_blocked(1)
            spend(state, Decimal(20), kind=Kind.REDEEM, facts=facts())
            write_accounts([state])
        return running.result(timeout=60)


def test_who_waited_for_the_lock_reads_the_lots_of_after_the_wait(points_account: PointsAccount) -> None:
    assert left_after_waiting(points_account) == 0


def test_twin_that_reads_only_once_has_the_lots_of_before(points_account: PointsAccount, monkeypatch: Any) -> None:
    monkeypatch.setattr(repository, "LOCK", repository.LOCK.replace(repository.IS_SEEN, "true"))
    assert left_after_waiting(points_account) == 20
