"""Tiers that adjustments meet: those that end, and those that points lift to."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from engagement.adjustments.taking_back import take_back_adjustment
from engagement.points.ledger.repository import lock_accounts, settle_states
from engagement.points.ledger.tiers import attach_tiers
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Tier
from engagement.tiers.models import TierChange
from loyalty_project import clock
from organizations.tenancy.scoping import organization_scope
from tests.factories.adjustments import adjust, staff_of
from tests.factories.chains import NOON, Chain, member, open_chain
from tests.factories.points import give_points

pytestmark = pytest.mark.django_db
LADDER: list[dict[str, Any]] = [
    {"name": "Bronze"},
    {
        "name": "Silver",
        "upgrade": {"based_on": "CURRENT_POINTS", "threshold": 60},
        "validity_months": 1,
        "downgrade_to": "previous",
    },
]


@pytest.fixture
def moment() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def chain(moment: time_machine.Traveller) -> Iterator[Chain]:
    chain = open_chain(tiers=LADDER, earning=[])
    with organization_scope(chain.organization):
        yield chain


@pytest.fixture
def asha(chain: Chain) -> PointsAccount:
    return member(chain, 40)


@pytest.fixture
def ended(asha: PointsAccount, moment: time_machine.Traveller) -> PointsAccount:
    """Her account two days after the last day of her tier, which is due."""
    ends = {"tier_since": NOON, "tier_counts_from": NOON, "tier_expires_on": NOON.date(), "tier_due_on": NOON.date()}
    Membership.objects.update(tier=Tier.objects.get(name="Silver"), **ends)
    PointsAccount.objects.update(due_at=NOON + timedelta(hours=12))
    moment.shift(timedelta(days=2))
    asha.refresh_from_db()
    return asha


def tier_of(account: PointsAccount) -> str:
    tier = Membership.objects.get(customer=account.customer).tier
    return tier.name if tier else "Bronze"


def kinds() -> list[str]:
    return list(TierChange.objects.order_by("pk").values_list("kind", flat=True))


def test_a_tier_that_is_due_ends_beside_an_adjustment(ended: PointsAccount) -> None:
    adjust(ended, 5)
    assert (tier_of(ended), kinds()) == ("Bronze", ["DOWNGRADE"])


def test_an_adjustment_may_lift_a_tier_that_has_just_ended(ended: PointsAccount) -> None:
    adjust(ended, 20)
    assert (tier_of(ended), kinds()) == ("Silver", ["DOWNGRADE", "UPGRADE"])


def test_points_that_are_given_back_may_lift_the_tier(asha: PointsAccount) -> None:
    taken = adjust(asha, -30)
    assert taken.entry is not None
    asha.refresh_from_db()
    give_points(asha, 40)
    assert (tier_of(asha), kinds()) == ("Bronze", [])
    take_back_adjustment(taken.entry.pk, reason="A mistake", limit=None, by=staff_of(asha.organization))
    assert (tier_of(asha), kinds()) == ("Silver", ["UPGRADE"])


def test_tiers_are_not_attached_over_what_a_settlement_changed(ended: PointsAccount) -> None:
    now = clock.now()
    states = lock_accounts([ended.customer_id], zone=ended.organization.zone)
    settle_states(states.values(), until=now, recorded_at=now)
    with pytest.raises(ValueError, match="before the accounts are settled"):
        attach_tiers(list(states.values()), until=now)
