"""Bills and nights at the same moment: every tier is reached once, and ends once.

Twins show that the test can fail: without the locks the constraint refuses, without the constraint the locks suffice.
"""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection

from customers.profile.models import Customer
from engagement.points.ledger import repository
from engagement.points.settlement import settle_due
from engagement.tiers.models import TierChange
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.engagement.tiers.test_evaluation import SILVER, tiers
from tests.factories.bills import NOON, Shop
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 3
AFTER = NOON + timedelta(days=400)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _silver(northwind: Organization, shop: Shop, asha: Customer) -> None:
    tiers(SILVER)
    shop.record(shop.draft("first", 1000, customer_id=asha.pk))


def nights_at_once(shop: Shop) -> Counter[str]:
    """Several nights together; how often each result came."""

    def work(_: int) -> str:
        with organization_scope(shop.organization):
            try:
                return str(sum(settle_due(shop.organization)))
            except IntegrityError:
                return "constraint"

    with time_machine.travel(AFTER, tick=True):
        return Counter(race([[0] for _ in range(WORKERS)], work))


def kinds() -> list[str]:
    return list(TierChange.objects.order_by("pk").values_list("kind", flat=True))


def test_a_tier_ends_once(shop: Shop) -> None:
    assert nights_at_once(shop)["constraint"] == 0
    assert kinds() == ["UPGRADE", "DOWNGRADE"]


def test_twin_without_the_lock_is_refused_by_the_constraint(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, repository)
    with all_read_before(repository, "give_ids", workers=WORKERS):
        assert nights_at_once(shop) == {"1": 1, "constraint": WORKERS - 1}
    assert kinds() == ["UPGRADE", "DOWNGRADE"]


def test_twin_without_the_constraint_ends_once_by_the_lock(shop: Shop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_tierchange DROP CONSTRAINT tier_change_unique")
    try:
        nights_at_once(shop)
        assert kinds() == ["UPGRADE", "DOWNGRADE"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE engagement_tierchange ADD CONSTRAINT tier_change_unique "
                "UNIQUE NULLS NOT DISTINCT (organization_id, membership_id, changed_at, to_tier_id, kind, to_expires_on)"
            )


def test_bills_at_the_same_moment_reach_a_tier_once(shop: Shop, asha: Customer) -> None:
    tiers(SILVER, {**SILVER, "name": "Gold", "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 2000}})

    def work(number: int) -> None:
        with organization_scope(shop.organization):
            shop.record(shop.draft(f"more {number}", 600, customer_id=asha.pk))

    race([[number] for number in range(WORKERS)], work)
    assert kinds() == ["UPGRADE", "UPGRADE"]
