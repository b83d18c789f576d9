"""An adjustment is taken back: exactly its own lot, no expiry moves, and not twice."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction

from engagement.adjustments.models import AdjustmentReversal, PointsAdjustment
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.adjustments.services import Limit, approve_adjustment
from engagement.adjustments.taking_back import may_be_taken_back, take_back_adjustment
from engagement.points.checks.run import check_ledger
from engagement.points.expiry import Expiry
from engagement.points.explanations import explain
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from organizations.audit.models import AuditEntry
from tests.engagement.adjustments.conftest import NOON
from tests.factories.adjustments import adjust, staff_of
from tests.factories.locations import TillFactory, till_actor
from tests.factories.points import PointsAccountFactory, facts, give_points, state_of
from use_cases.merging import MergeRefusedError, merge_customers, undo_merge

SUMMER, WINTER = date(2026, 6, 30), date(2026, 12, 31)


def take_back(row: PointsAdjustment, *, limit: Limit = None) -> AdjustmentReversal:
    assert row.entry is not None
    return take_back_adjustment(row.entry.pk, reason="A mistake", limit=limit, by=staff_of(row.organization))


def redeem(account: PointsAccount, points: int) -> None:
    with transaction.atomic():
        state = state_of(account)
        spend(state, Decimal(points), kind=Kind.REDEEM, facts=facts(NOON))
        write_accounts([state])


def lots_of(account: PointsAccount) -> list[tuple[Decimal, date | None]]:
    """What is left, and until when, of each lot of the customer that holds points."""
    lots = PointsLot.objects.filter(account__customer=account.customer, left__gt=0).order_by("expires_on", "pk")
    return list(lots.values_list("left", "expires_on"))


def assert_proven(account: PointsAccount) -> None:
    assert list(check_ledger(account.organization)) == []


def merge(survivor: PointsAccount, victim: PointsAccount) -> object:
    by = till_actor(TillFactory(store__organization=survivor.organization))
    return merge_customers(survivor=survivor.customer_id, victim=victim.customer_id, by=by).merge


# --- points that were added


def test_taking_back_a_credit_leaves_all_other_lots_as_they_were(points_account: PointsAccount) -> None:
    """A debit would have taken the points that expire first, and left the new ones."""
    with transaction.atomic():
        give_points(points_account, 2000, expiry=Expiry(on=SUMMER))
    before = lots_of(points_account)
    row = adjust(points_account, 2000, expiry="DAY", expires_on=WINTER)
    reversal = take_back(row)
    assert (reversal.points, reversal.gone, reversal.entry.points) == (2000, 0, -2000)
    assert (reversal.entry.kind, reversal.entry.reverses, reversal.entry.note) == ("ADJUST", row.entry, "A mistake")
    assert lots_of(points_account) == before
    points_account.refresh_from_db()
    assert (points_account.balance, points_account.adjusted) == (2100, 0)
    assert_proven(points_account)


def test_what_was_spent_of_a_credit_stays_spent(points_account: PointsAccount) -> None:
    row = adjust(points_account, 60, expiry="DAY", expires_on=SUMMER)
    redeem(points_account, 20)
    reversal = take_back(row)
    assert (reversal.points, reversal.gone) == (40, 20)
    assert lots_of(points_account) == [(100, None)]
    assert "40 points taken back that the adjustment of 2026-03-01 had added; 20 points had been spent" in explain(
        reversal.entry
    )
    assert_proven(points_account)


def test_a_credit_of_which_nothing_is_left_is_not_taken_back(points_account: PointsAccount) -> None:
    row = adjust(points_account, 20, expiry="DAY", expires_on=SUMMER)
    redeem(points_account, 20)
    with pytest.raises(AdjustmentRefusedError, match="Nothing is left"):
        take_back(row)
    expired = adjust(points_account, 20, expiry="DAY", expires_on=SUMMER)
    with time_machine.travel(NOON + timedelta(days=200), tick=False), pytest.raises(AdjustmentRefusedError, match="Nothing"):
        take_back(expired)


# --- points that were taken


def test_taking_back_a_debit_gives_the_lots_back_with_their_expiry(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, 30, expiry=Expiry(on=SUMMER))
    before = lots_of(points_account)
    row = adjust(points_account, -50)
    assert lots_of(points_account) == [(80, None)]
    reversal = take_back(row)
    assert (reversal.points, reversal.gone, reversal.entry.points) == (50, 0, 50)
    assert lots_of(points_account) == before
    assert PointsLot.objects.count() == 2
    assert explain(reversal.entry).startswith("50 points given back that the adjustment of 2026-03-01 had taken")
    assert_proven(points_account)


def test_points_given_back_too_late_expire_at_once(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, 30, expiry=Expiry(on=SUMMER))
    row = adjust(points_account, -50)
    with time_machine.travel(NOON + timedelta(days=200), tick=False):
        take_back(row)
        assert lots_of(points_account) == [(100, None)]
        points_account.refresh_from_db()
        assert (points_account.balance, points_account.expired) == (100, 30)
        assert_proven(points_account)


# --- once, and within the limit


def test_an_adjustment_is_taken_back_once(points_account: PointsAccount) -> None:
    row = adjust(points_account, 50)
    assert row.entry is not None
    assert may_be_taken_back(row.entry)
    reversal = take_back(row)
    assert not may_be_taken_back(row.entry)
    assert not may_be_taken_back(reversal.entry)
    with pytest.raises(AdjustmentRefusedError, match="already taken back"):
        take_back(row)
    with pytest.raises(AdjustmentRefusedError, match="Only an adjustment"):
        take_back_adjustment(reversal.entry.pk, reason="Again", limit=None, by=staff_of(row.organization))
    award = PointsEntry.objects.get(kind="AWARD")
    with pytest.raises(AdjustmentRefusedError, match="Only an adjustment"):
        take_back_adjustment(award.pk, reason="Again", limit=None, by=staff_of(row.organization))


@pytest.mark.parametrize("points", [50, -50])
def test_taking_back_counts_against_the_limit(points_account: PointsAccount, points: int) -> None:
    row = adjust(points_account, points)
    with pytest.raises(AdjustmentRefusedError, match="Your limit is 49"):
        take_back(row, limit=Decimal(49))
    assert take_back(row, limit=Decimal(50)).points == 50


def test_taking_back_is_in_the_audit(points_account: PointsAccount) -> None:
    row = adjust(points_account, 50)
    take_back(row)
    audit = AuditEntry.objects.get(action="adjustment taken back")
    assert (audit.object_type, audit.object_id, audit.actor) == ("pointsaccount", points_account.pk, "staff:carla")
    assert audit.new == {"points": "-50", "balance": "100", "reason": "A mistake", "adjustment": row.pk}


# --- merges


def test_a_credit_is_taken_back_after_a_merge_has_moved_its_lot(points_account: PointsAccount) -> None:
    survivor = PointsAccountFactory(organization=points_account.organization)
    row = adjust(points_account, 50, expiry="DAY", expires_on=SUMMER)
    merge(survivor, points_account)
    reversal = take_back(row)
    assert (reversal.points, reversal.entry.account_id) == (50, survivor.pk)
    assert lots_of(survivor) == [(100, None)]
    assert_proven(survivor)


def test_a_credit_is_taken_back_after_a_merge_was_undone(points_account: PointsAccount) -> None:
    survivor = PointsAccountFactory(organization=points_account.organization)
    row = adjust(points_account, 50, expiry="DAY", expires_on=SUMMER)
    undo_merge(merge(survivor, points_account), reason="Two people", by=staff_of(row.organization))  # type: ignore[arg-type]
    assert take_back(row).points == 50
    assert lots_of(points_account) == [(100, None)]
    assert_proven(points_account)


def test_a_debit_is_given_back_after_a_merge(points_account: PointsAccount) -> None:
    with transaction.atomic():
        give_points(points_account, 30, expiry=Expiry(on=SUMMER))
    survivor = PointsAccountFactory(organization=points_account.organization)
    row = adjust(points_account, -50)
    merge(survivor, points_account)
    take_back(row)
    survivor.refresh_from_db()
    assert (survivor.balance, survivor.adjusted) == (130, 0)
    assert sum(left for left, day in lots_of(survivor) if day == SUMMER) == 30
    assert_proven(survivor)


def test_a_pending_adjustment_follows_its_customer(points_account: PointsAccount) -> None:
    survivor = PointsAccountFactory(organization=points_account.organization)
    row = adjust(points_account, 50, limit=Decimal(5))
    done = merge(survivor, points_account)
    row.refresh_from_db()
    assert row.customer_id == survivor.customer_id
    undo_merge(done, reason="Two people", by=staff_of(row.organization))  # type: ignore[arg-type]
    approved = approve_adjustment(row.pk, limit=None, by=staff_of(row.organization, "dan"))
    assert approved.entry is not None
    assert (approved.customer_id, approved.entry.account_id) == (points_account.customer_id, points_account.pk)
    assert_proven(points_account)


def test_a_merge_is_not_undone_after_its_pending_adjustment_was_approved(points_account: PointsAccount) -> None:
    survivor = PointsAccountFactory(organization=points_account.organization)
    row = adjust(points_account, 50, limit=Decimal(5))
    done = merge(survivor, points_account)
    approved = approve_adjustment(row.pk, limit=None, by=staff_of(row.organization, "dan"))
    assert approved.entry is not None
    assert approved.entry.account_id == survivor.pk
    with pytest.raises(MergeRefusedError, match="adjustments"):
        undo_merge(done, reason="Two people", by=staff_of(row.organization))  # type: ignore[arg-type]


def test_an_undone_merge_does_not_count_an_adjustment_as_an_earning(points_account: PointsAccount) -> None:
    """Points that each earning renews would get a later expiry."""
    with transaction.atomic():
        earned = facts(NOON - timedelta(days=90), explanation={"because": "rule"})
        give_points(points_account, 10, expiry=Expiry(moves=PointsLot.Moves.ROLLING, months=6), facts=earned)
    PointsLot.objects.filter(entry=adjust(points_account, 5).entry).update(moves="rolling", moves_months=6, expires_on=None)
    survivor = PointsAccountFactory(organization=points_account.organization)
    undo_merge(merge(survivor, points_account), reason="Two", by=staff_of(survivor.organization))  # type: ignore[arg-type]
    points_account.refresh_from_db()
    assert points_account.last_earned_on == (NOON - timedelta(days=90)).date()
