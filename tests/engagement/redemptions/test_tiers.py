"""Tiers that points lift to which come back from a redemption."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Tier
from engagement.redemptions.redeeming import Redeemed
from engagement.tiers.models import TierChange
from organizations.tenancy.scoping import organization_scope
from tests.factories.chains import NOON, Chain, bring_back, member, open_chain, order, redeem
from tests.factories.points import give_points
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.merging import merge_customers

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
def chain(moment: time_machine.Traveller) -> Iterator[Chain]:
    chain = open_chain(tiers=LADDER, earning=[])
    with organization_scope(chain.organization):
        yield chain


@pytest.fixture
def asha(chain: Chain) -> PointsAccount:
    return member(chain, 40)


@pytest.fixture
def redeemed(chain: Chain, asha: PointsAccount) -> Redeemed:
    """30 of 40 points, before she earned 40 more."""
    redeemed = redeem(order(asha), chain.blr)
    asha.refresh_from_db()
    give_points(asha, 40)
    return redeemed


def tier_of(customer: Customer) -> str:
    tier = Membership.objects.get(customer=customer).tier
    return tier.name if tier else "Bronze"


def test_points_that_come_back_may_lift_the_tier(chain: Chain, asha: PointsAccount, redeemed: Redeemed) -> None:
    bring_back(redeemed, chain.blr, "9")
    assert (tier_of(asha.customer), TierChange.objects.count()) == ("Bronze", 0)
    bring_back(redeemed, chain.blr, "1")
    assert tier_of(asha.customer) == "Silver"
    change = TierChange.objects.get()
    assert (change.kind, change.changed_at, change.bill) == ("UPGRADE", NOON, None)
    assert change.explanation["conditions"] == [{"based_on": "CURRENT_POINTS", "threshold": "60", "value": "60"}]


def test_a_label_may_forbid_to_rise(chain: Chain, asha: PointsAccount, redeemed: Redeemed) -> None:
    label(asha.customer, CustomerStatusFactory(organization=chain.organization, blocks=["tier_upgrade"]))
    bring_back(redeemed, chain.blr)
    assert tier_of(asha.customer) == "Bronze"


def test_a_tier_that_ended_meanwhile_is_reached_anew(
    chain: Chain, asha: PointsAccount, redeemed: Redeemed, moment: time_machine.Traveller
) -> None:
    silver = Tier.objects.get(name="Silver")
    Membership.objects.update(
        tier=silver, tier_since=NOON, tier_counts_from=NOON, tier_expires_on=NOON.date(), tier_due_on=NOON.date()
    )
    moment.shift(timedelta(days=2))
    bring_back(redeemed, chain.blr)
    assert list(TierChange.objects.order_by("pk").values_list("kind", flat=True)) == ["DOWNGRADE", "UPGRADE"]
    assert tier_of(asha.customer) == "Silver"


def test_points_of_an_account_that_was_merged_lift_the_survivor(chain: Chain, asha: PointsAccount, redeemed: Redeemed) -> None:
    survivor = member(chain, 0, mobile="919812300009")
    merge_customers(survivor=survivor.customer_id, victim=asha.customer_id, by=chain.blr)
    assert tier_of(survivor.customer) == "Bronze"
    bring_back(redeemed, chain.blr)
    assert tier_of(survivor.customer) == "Silver"
