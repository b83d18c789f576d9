"""Tiers that staff set by hand."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import transaction

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.points.settlement import settle_due
from engagement.programs.models import Tier
from engagement.tier_setting.staff import TierNotSetError, set_tier_by_hand
from engagement.tiers.models import TierChange
from loyalty_project.db.trusted_time import forget_database_time
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from tests.factories.bills import NOON, Shop, member, membership_of
from tests.factories.locations import till_actor
from tests.factories.program_files import club, load

TODAY = NOON.date()
YEAR = timedelta(days=366)
REASON = "Moved here from our old club"
TIERS = [
    {"name": "Bronze"},
    {
        "name": "Silver",
        "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1000},
        "validity_months": 12,
        "downgrade_to": "previous",
    },
]

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def asha(northwind: Organization) -> Customer:
    load(club(tiers=TIERS))
    return member(northwind)


def set_to(customer: Customer, name: str, shop: Shop, locked_until: date | None = None) -> TierChange:
    tier = Tier.objects.get(name=name, program=membership_of(customer).program)
    with time_machine.travel(NOON, tick=False), transaction.atomic():
        return set_tier_by_hand(
            membership_of(customer),
            tier,
            reason=REASON,
            locked_until=locked_until,
            by=till_actor(shop.till),
        )


def settle(organization: Organization, until: object) -> None:
    forget_database_time()
    with time_machine.travel(until, tick=False):
        list(settle_due(organization))


def test_a_tier_is_set_with_its_validity_and_a_row_of_history(shop: Shop, asha: Customer) -> None:
    change = set_to(asha, "Silver", shop)
    held = membership_of(asha)
    assert (held.tier.name, held.tier_expires_on) == ("Silver", date(TODAY.year + 1, TODAY.month, TODAY.day))
    assert (change.kind, change.cause, change.note) == ("UPGRADE", "STAFF", REASON)
    entry = AuditEntry.objects.get(action="tier set")
    assert (entry.object_id, entry.old, entry.new) == (
        held.pk,
        {"tier": ""},
        {"tier": "Silver", "reason": REASON, "locked_until": ""},
    )


def test_a_locked_tier_is_not_lowered_before_its_day(northwind: Organization, shop: Shop, asha: Customer) -> None:
    set_to(asha, "Silver", shop, locked_until=TODAY + 2 * YEAR)
    settle(northwind, NOON + YEAR + timedelta(days=9))
    assert membership_of(asha).tier.name == "Silver"
    settle(northwind, NOON + 2 * YEAR + timedelta(days=9))
    assert membership_of(asha).tier.name == "Bronze"


def test_a_lower_tier_may_be_set(shop: Shop, asha: Customer) -> None:
    set_to(asha, "Silver", shop)
    assert set_to(asha, "Bronze", shop).kind == "DOWNGRADE"


def test_a_day_that_is_past_locks_nothing(shop: Shop, asha: Customer) -> None:
    with pytest.raises(TierNotSetError, match="is past"):
        set_to(asha, "Silver", shop, locked_until=TODAY - timedelta(days=1))


def test_a_tier_that_the_program_lost_is_not_set(shop: Shop, asha: Customer) -> None:
    load(club(tiers=TIERS[:1]))
    with pytest.raises(TierNotSetError, match="Silver is no tier of Club"):
        set_to(asha, "Silver", shop)


def test_a_customer_without_an_account_gets_no_tier(shop: Shop, asha: Customer) -> None:
    PointsAccount.objects.all().delete()
    with pytest.raises(TierNotSetError, match="no points account"):
        set_to(asha, "Silver", shop)
    assert not TierChange.objects.exists()
