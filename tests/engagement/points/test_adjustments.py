"""Staff adjusts points: entries with a reason, first expiring first, never below zero."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import transaction

from engagement.numbers.rounding import MOST_POINTS
from engagement.points.adjustments import AdjustmentRefusedError, adjust_points
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from organizations.audit.actors import staff_actor
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_files import club, loaded
from tests.factories.staff import StaffMemberFactory

NOON = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)


@pytest.fixture
def points_account(db: None) -> Any:
    """An account with 100 points, in a program that awards whole points and tenths."""
    with unscoped("tests make their rows"):
        organization = loaded(club(enrolment=None))
    with organization_scope(organization), time_machine.travel(NOON, tick=False):
        account = PointsAccountFactory(organization=organization)
        with transaction.atomic():
            give_points(account, 100)
        account.refresh_from_db()
        yield account


def adjust(account: PointsAccount, points: str, reason: str = "A slip of the till", **more: Any) -> PointsEntry:
    organization: Organization = account.organization
    actor = staff_actor(
        StaffMemberFactory(organization=organization, role="care_agent", username=f"staff{PointsEntry.objects.count()}"),
        organization,
    )
    return adjust_points(account, Decimal(points), reason=reason, by=actor, **more)


def test_points_are_added_as_a_lot_of_their_own(points_account: PointsAccount) -> None:
    entry = adjust(points_account, "50.5", expires_on=date(2026, 12, 31))
    points_account.refresh_from_db()
    assert (points_account.balance, points_account.adjusted, points_account.lifetime) == (
        Decimal("150.5"),
        Decimal("50.5"),
        100,
    )
    assert (entry.kind, entry.points, entry.note) == ("ADJUST", Decimal("50.5"), "A slip of the till")
    assert entry.program_version is not None
    lot = PointsLot.objects.get(entry=entry)
    assert (lot.left, lot.expires_on) == (Decimal("50.5"), date(2026, 12, 31))


def test_points_are_taken_first_expiring_first(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, 20, expiry=Expiry(on=date(2026, 6, 30)))
    adjust(points_account, "-30")
    points_account.refresh_from_db()
    assert (points_account.balance, points_account.adjusted) == (90, -30)
    assert [lot.left for lot in PointsLot.objects.order_by("pk")] == [90, 0]


def test_the_audit_shows_who_and_why(points_account: PointsAccount) -> None:
    adjust(points_account, "-30")
    audit = AuditEntry.objects.get(object_type="pointsaccount", object_id=points_account.pk)
    assert audit.action == "points adjusted"
    assert audit.actor.startswith("staff:")
    assert audit.new == {"points": "-30", "balance": "70", "reason": "A slip of the till"}
    adjust(points_account, "1", expires_on=date(2026, 3, 1))
    assert AuditEntry.objects.filter(new__expires_on="2026-03-01").count() == 1


def test_what_is_due_is_settled_first(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, 20, expiry=Expiry(on=date(2026, 3, 31)))
    with (
        time_machine.travel(NOON + timedelta(days=60), tick=False),
        pytest.raises(AdjustmentRefusedError, match="Only 100 points can be taken back"),
    ):
        adjust(points_account, "-120")
    points_account.refresh_from_db()
    assert points_account.balance == 120


@pytest.mark.parametrize(
    ("points", "more", "why"),
    [
        ("-100.1", {}, "Only 100 points can be taken back"),
        ("0", {}, "other than 0"),
        ("1.25", {}, "at most 1 decimal"),
        ("1", {"expires_on": date(2026, 2, 28)}, "The expiry date is in the past"),
        ("-1", {"expires_on": date(2026, 12, 31)}, "Only points that are added"),
        (str(MOST_POINTS - Decimal("0.099")), {}, "too large"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    points_account: PointsAccount, points: str, more: dict[str, Any], why: str
) -> None:
    with pytest.raises(AdjustmentRefusedError, match=why):
        adjust(points_account, points, **more)
    points_account.refresh_from_db()
    assert (points_account.balance, points_account.version) == (100, 1)
    assert not AuditEntry.objects.filter(object_type="pointsaccount").exists()
