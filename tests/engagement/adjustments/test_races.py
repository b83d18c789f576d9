"""Two members of staff at the same moment: a decision and a reversal count once.

The twins remove the lock, and then the constraint below it.
"""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from engagement.adjustments import services, taking_back
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.adjustments.services import approve_adjustment, reject_adjustment
from engagement.adjustments.taking_back import take_back_adjustment
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.adjustments import adjust, staff_of
from tests.factories.organizations import OrganizationFactory
from tests.factories.points import PointsAccountFactory, give_points
from tests.races import all_read_before, race

pytestmark = [pytest.mark.django_db(transaction=True)]
WORKERS = 4


@pytest.fixture
def points_account(transactional_db: None) -> PointsAccount:
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind", with_program=True)
        program = Program.objects.get(organization=organization, is_default=True)
        account = PointsAccountFactory(organization=organization, program=program)
        with transaction.atomic():
            give_points(account, 100)
    with organization_scope(organization):
        for number in range(WORKERS):
            staff_of(organization, f"staff{number}")
    return account


def at_once(account: PointsAccount, work: Callable[[int], object]) -> Counter[str]:
    """How often workers succeeded, or were refused by the rules or by the database."""

    def attempt(number: int) -> str:
        with organization_scope(account.organization_id):
            try:
                work(number)
            except AdjustmentRefusedError:
                return "refused"
            except DatabaseError as error:
                return type(error).__name__
        return "done"

    return Counter(race([[number] for number in range(WORKERS)], attempt))


def without_customer_lock(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    monkeypatch.setattr(module, "lock_customer", lambda pk, **_: PointsAccount.objects.get(customer=pk).customer)


def assert_balance(account: PointsAccount, balance: int) -> None:
    with organization_scope(account.organization_id):
        account.refresh_from_db()
        assert account.balance == balance
        assert list(check_ledger(account.organization)) == []


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def pending(account: PointsAccount) -> PointsAdjustment:
    with organization_scope(account.organization_id):
        return adjust(account, 50, limit=Decimal(5))


def approve(row: PointsAdjustment) -> Callable[[int], object]:
    return lambda number: approve_adjustment(row.pk, limit=None, by=staff_of(row.organization, f"staff{number}"))


def test_an_adjustment_approved_by_many_at_once_is_posted_once(points_account: PointsAccount) -> None:
    assert at_once(points_account, approve(pending(points_account))) == {"done": WORKERS}
    assert_balance(points_account, 150)


def test_twin_approval_without_locks_meets_the_database(points_account: PointsAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    row = pending(points_account)
    without_customer_lock(monkeypatch, services)
    monkeypatch.setattr(services, "lock", lambda rows: rows)
    with all_read_before(services, "post_adjustment", workers=WORKERS):
        happened = at_once(points_account, approve(row))
    assert happened["done"] == 1
    assert_balance(points_account, 150)


def test_twin_approval_without_the_trigger_stays_right_by_the_locks(points_account: PointsAccount) -> None:
    row = pending(points_account)
    execute("ALTER TABLE engagement_pointsadjustment DISABLE TRIGGER decided_adjustments_stay")
    try:
        assert at_once(points_account, approve(row)) == {"done": WORKERS}
        assert_balance(points_account, 150)
    finally:
        execute("ALTER TABLE engagement_pointsadjustment ENABLE TRIGGER decided_adjustments_stay")


def test_of_approval_and_rejection_at_once_one_wins(points_account: PointsAccount) -> None:
    row = pending(points_account)

    def decide(number: int) -> object:
        by = staff_of(row.organization, f"staff{number}")
        if number % 2:
            return reject_adjustment(row.pk, reason="No receipt", by=by)
        return approve_adjustment(row.pk, limit=None, by=by)

    assert at_once(points_account, decide) == {"done": WORKERS // 2, "refused": WORKERS // 2}
    row.refresh_from_db()
    assert_balance(points_account, 150 if row.status == "DONE" else 100)


def taking(account: PointsAccount, points: int) -> Callable[[int], object]:
    with organization_scope(account.organization_id):
        entry = adjust(account, points).entry
    assert entry is not None
    return lambda number: take_back_adjustment(
        entry.pk, reason="A mistake", limit=None, by=staff_of(account.organization, f"staff{number}")
    )


@pytest.mark.parametrize("points", [50, -50])
def test_an_adjustment_taken_back_by_many_at_once_is_taken_back_once(points_account: PointsAccount, points: int) -> None:
    assert at_once(points_account, taking(points_account, points)) == {"done": 1, "refused": WORKERS - 1}
    assert_balance(points_account, 100)


def test_twin_taking_back_without_the_lock_meets_the_constraint(
    points_account: PointsAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = taking(points_account, -50)
    without_customer_lock(monkeypatch, taking_back)
    with all_read_before(taking_back, "lock_accounts", workers=WORKERS):
        happened = at_once(points_account, work)
    assert happened == {"done": 1, "refused": WORKERS - 1}
    assert_balance(points_account, 100)


def test_twin_taking_back_without_the_constraint_stays_right_by_the_lock(points_account: PointsAccount) -> None:
    name = "engagement_adjustmentreversal_adjusted_id_key"
    work = taking(points_account, -50)
    execute(f"ALTER TABLE engagement_adjustmentreversal DROP CONSTRAINT {name}")
    try:
        assert at_once(points_account, work) == {"done": 1, "refused": WORKERS - 1}
        assert_balance(points_account, 100)
    finally:
        execute(f"ALTER TABLE engagement_adjustmentreversal ADD CONSTRAINT {name} UNIQUE (adjusted_id)")
