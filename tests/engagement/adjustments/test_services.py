"""Staff adjust points: at once up to their limit, above it after approval by a second person."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import Error, IntegrityError, transaction

from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.rules import MOST_ADJUSTED, AdjustmentRefusedError, limit_of
from engagement.adjustments.services import approve_adjustment, reject_adjustment
from engagement.numbers.rounding import MOST_POINTS
from engagement.points.checks.run import check_ledger
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsLot
from organizations.audit.models import AuditEntry
from organizations.policies import Policy
from tests.engagement.adjustments.conftest import NOON
from tests.factories.adjustments import adjust, staff_of
from tests.factories.customers import CustomerFactory
from tests.factories.points import give_points

Status = PointsAdjustment.Status
FIVE = Decimal(5)
END_OF_YEAR = {"expiry": "DAY", "expires_on": date(2026, 12, 31)}


def balance_of(account: PointsAccount) -> Decimal:
    account.refresh_from_db()
    return account.balance


# --- at once


def test_points_are_added_as_a_lot_of_their_own(points_account: PointsAccount) -> None:
    entry = adjust(points_account, "50.5", **END_OF_YEAR).entry
    points_account.refresh_from_db()
    assert (points_account.balance, points_account.adjusted, points_account.lifetime) == (
        Decimal("150.5"),
        Decimal("50.5"),
        100,
    )
    assert entry is not None
    assert (entry.kind, entry.points, entry.note) == ("ADJUST", Decimal("50.5"), "A slip of the till")
    assert entry.program_version is not None
    lot = PointsLot.objects.get(entry=entry)
    assert (lot.left, lot.expires_on) == (Decimal("50.5"), date(2026, 12, 31))


def test_added_points_expire_by_the_programs_rules_by_default(points_account: PointsAccount) -> None:
    lot = PointsLot.objects.get(entry=adjust(points_account, 10).entry)
    assert lot.expires_on == date(2027, 3, 31)
    assert PointsLot.objects.get(entry=adjust(points_account, 10, expiry="NEVER").entry).expires_on is None


def test_points_are_taken_first_expiring_first(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, 20, expiry=Expiry(on=date(2026, 6, 30)))
    adjust(points_account, "-30")
    points_account.refresh_from_db()
    assert (points_account.balance, points_account.adjusted) == (90, -30)
    assert [lot.left for lot in PointsLot.objects.order_by("pk")] == [90, 0]


def test_the_audit_shows_who_and_why(points_account: PointsAccount) -> None:
    row = adjust(points_account, "-30")
    audit = AuditEntry.objects.get(object_type="pointsaccount", object_id=points_account.pk)
    assert (audit.action, audit.actor) == ("points adjusted", "staff:carla")
    assert audit.new == {"points": "-30", "balance": "70", "reason": "A slip of the till", "adjustment": row.pk}
    adjust(points_account, "1", expiry="DAY", expires_on=date(2026, 3, 1))
    assert AuditEntry.objects.filter(new__expires_on="2026-03-01").count() == 1


def test_what_is_due_is_settled_first(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, 20, expiry=Expiry(on=date(2026, 3, 31)))
    with (
        time_machine.travel(NOON + timedelta(days=60), tick=False),
        pytest.raises(AdjustmentRefusedError, match="Only 100 points can be taken"),
    ):
        adjust(points_account, "-120")
    assert balance_of(points_account) == 120


@pytest.mark.parametrize(
    ("points", "more", "why"),
    [
        ("-100.1", {}, "Only 100 points can be taken"),
        ("0", {}, "other than 0"),
        ("1.25", {}, "at most 1 decimal"),
        (str(MOST_ADJUSTED + 1), {}, "At most 99,999,999 points"),
        ("1e20", {}, "At most 99,999,999 points"),
        ("1", {"expiry": "DAY", "expires_on": date(2026, 2, 28)}, "The expiry date is in the past"),
        ("-1", END_OF_YEAR, "Only points that are added"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_changes_nothing(
    points_account: PointsAccount, points: str, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(AdjustmentRefusedError, match=why) as refusal:
        adjust(points_account, points, **more)
    assert refusal.value.field in {"points", "expires_on"}
    points_account.refresh_from_db()
    assert (points_account.balance, points_account.version) == (100, 1)
    assert not AuditEntry.objects.filter(object_type="pointsaccount").exists()
    assert not PointsAdjustment.objects.exists()


def test_a_balance_beyond_the_column_is_refused(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, str(MOST_POINTS - 100))
    with pytest.raises(AdjustmentRefusedError, match="too large"):
        adjust(points_account, 1)


# --- above the limit


def test_above_the_limit_an_adjustment_waits(points_account: PointsAccount) -> None:
    adjust(points_account, 5, limit=FIVE)
    for points in ("5.1", "-6"):
        row = adjust(points_account, points, limit=FIVE)
        assert (row.status, row.needs_approval, row.entry) == (Status.PENDING, True, None)
        assert AuditEntry.objects.get(object_type="pointsadjustment", object_id=row.pk).action == "requested"
    assert balance_of(points_account) == 105


def test_a_second_person_approves(points_account: PointsAccount) -> None:
    row = adjust(points_account, 50, limit=FIVE)
    done = approve_adjustment(row.pk, limit=None, by=staff_of(points_account.organization, "dan"), reason="Seen")
    assert (done.status, done.decided_by, done.decision_reason) == (Status.DONE, "staff:dan", "Seen")
    assert done.entry is not None
    assert done.entry.made_by == "staff:dan"
    assert balance_of(points_account) == 150
    assert list(check_ledger(points_account.organization)) == []


def test_an_approved_adjustment_is_not_posted_again(points_account: PointsAccount) -> None:
    row, dan = adjust(points_account, 50, limit=FIVE), staff_of(points_account.organization, "dan")
    assert approve_adjustment(row.pk, limit=None, by=dan) == approve_adjustment(row.pk, limit=None, by=dan)
    with pytest.raises(AdjustmentRefusedError, match="already done"):
        reject_adjustment(row.pk, reason="No", by=dan)
    assert balance_of(points_account) == 150


@pytest.mark.parametrize(("by", "limit", "why"), [("carla", None, "yourself"), ("dan", Decimal(49), "Your limit is 49")])
def test_who_may_not_approve(points_account: PointsAccount, by: str, limit: Decimal | None, why: str) -> None:
    row = adjust(points_account, 50, limit=FIVE)
    with pytest.raises(AdjustmentRefusedError, match=why):
        approve_adjustment(row.pk, limit=limit, by=staff_of(points_account.organization, by))
    assert balance_of(points_account) == 100


def test_a_rejected_adjustment_stays_rejected(points_account: PointsAccount) -> None:
    row, dan = adjust(points_account, 50, limit=FIVE), staff_of(points_account.organization, "dan")
    for _ in range(2):
        assert reject_adjustment(row.pk, reason="No receipt", by=dan).status == Status.REJECTED
    with pytest.raises(AdjustmentRefusedError, match="already rejected"):
        approve_adjustment(row.pk, limit=None, by=dan)
    actions = AuditEntry.objects.filter(object_type="pointsadjustment").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["requested", "rejected"]


def test_approval_checks_the_balance_and_day_of_now(points_account: PointsAccount) -> None:
    dan = staff_of(points_account.organization, "dan")
    debit = adjust(points_account, -90, limit=FIVE)
    late = adjust(points_account, 50, limit=FIVE, expiry="DAY", expires_on=date(2026, 3, 1))
    adjust(points_account, -50)
    with pytest.raises(AdjustmentRefusedError, match="Only 50 points"):
        approve_adjustment(debit.pk, limit=None, by=dan)
    with time_machine.travel(NOON + timedelta(days=2)), pytest.raises(AdjustmentRefusedError, match="in the past"):
        approve_adjustment(late.pk, limit=None, by=dan)
    assert PointsAdjustment.objects.filter(status=Status.PENDING).count() == 2


def test_without_an_account_nothing_is_approved(points_account: PointsAccount) -> None:
    row = adjust(points_account, 50, limit=FIVE)
    other = CustomerFactory(organization=points_account.organization)
    PointsAccount.objects.filter(pk=points_account.pk).update(customer=other)
    with pytest.raises(AdjustmentRefusedError, match="no points account"):
        approve_adjustment(row.pk, limit=None, by=staff_of(points_account.organization, "dan"))


def test_limits_are_by_role() -> None:
    usual = {role: limit_of(role, Policy()) for role in ("store_staff", "store_manager", "care_agent", "org_admin", "auditor")}
    assert usual == {"store_staff": 0, "store_manager": 1000, "care_agent": 1000, "org_admin": MOST_ADJUSTED, "auditor": 0}
    assert limit_of("store_staff", Policy.from_flags({"ADJUSTMENT_LIMIT_STORE_STAFF": 20})) == 20


# --- the database


@pytest.mark.parametrize(
    "values",
    [
        {"status": "DONE"},
        {"status": "REJECTED", "decided_by": "staff:dan", "decided_on": NOON},
        {"decided_by": "staff:dan"},
        {"points": 0},
        {"expires_on": date(2026, 12, 31)},
    ],
)
def test_the_database_refuses_half_a_decision(points_account: PointsAccount, values: dict[str, Any]) -> None:
    row = adjust(points_account, 50, limit=FIVE)
    with pytest.raises(IntegrityError), transaction.atomic():
        PointsAdjustment.objects.filter(pk=row.pk).update(**values)


def test_the_database_refuses_approval_by_the_same_person(points_account: PointsAccount) -> None:
    row, other = adjust(points_account, 50, limit=FIVE), PointsLot.objects.get()
    decision = {"status": "DONE", "decided_by": "staff:carla", "decided_on": NOON, "entry": other.entry}
    with pytest.raises(IntegrityError, match="by_two"), transaction.atomic():
        PointsAdjustment.objects.filter(pk=row.pk).update(**decision)
    PointsAdjustment.objects.filter(pk=row.pk).update(**decision | {"decided_by": "staff:dan"})


def test_the_database_keeps_decided_adjustments(points_account: PointsAccount) -> None:
    row = adjust(points_account, 50)
    for change in ({"reason": "Another"}, {"points": 60}, {"status": "REJECTED"}):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            PointsAdjustment.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        row.delete()
