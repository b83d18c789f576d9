"""Which tier has a customer after a merge, and after it was undone?"""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.points.settlement import settle_due
from engagement.programs.models import Membership, Tier
from engagement.tiers.models import TierChange
from loyalty_project.db.trusted_time import forget_database_time
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.engagement.tiers.test_evaluation import GOLD, SILVER
from tests.factories.bills import DAY, NOON, member, membership_of, open_shop
from tests.factories.locations import till_actor
from tests.factories.program_files import club, loaded
from use_cases.merging import merge_customers, undo_merge

pytestmark = pytest.mark.django_db
EARLY, LATE = date(2026, 9, 1), date(2026, 12, 1)


@pytest.fixture
def northwind() -> Any:
    organization = loaded(club(tiers=[{"name": "Bronze"}, SILVER, GOLD]))
    with organization_scope(organization), time_machine.travel(NOON + timedelta(seconds=1)):
        yield organization


def holder(organization: Organization, tier: str, last_day: date | None) -> Customer:
    """A member who holds the tier since a day ago."""
    customer = member(organization)
    Membership.objects.filter(customer=customer).update(
        tier=Tier.objects.get(name=tier), tier_since=NOON - DAY, tier_expires_on=last_day, tier_due_on=last_day
    )
    return customer


def held(customer: Customer) -> tuple[str, date | None, date | None]:
    membership = membership_of(customer)
    return membership.tier.name if membership.tier else "", membership.tier_expires_on, membership.tier_due_on


@pytest.mark.parametrize(
    ("own", "theirs", "joined", "kind"),
    [
        (("Silver", EARLY), ("Gold", LATE), ("Gold", LATE), "UPGRADE"),
        (("Silver", LATE), ("Gold", EARLY), ("Gold", EARLY), "UPGRADE"),
        (("Gold", EARLY), ("Silver", LATE), ("Gold", EARLY), None),
        (("Silver", EARLY), ("Silver", LATE), ("Silver", LATE), "RENEW"),
        (("Silver", EARLY), ("Silver", None), ("Silver", None), "RENEW"),
        (("Silver", None), ("Silver", LATE), ("Silver", None), None),
    ],
)
def test_the_higher_tier_remains_with_its_own_validity(
    northwind: Organization, own: Any, theirs: Any, joined: Any, kind: str | None
) -> None:
    by = till_actor(open_shop(northwind).till)
    survivor, victim = holder(northwind, *own), holder(northwind, *theirs)
    merge = merge_customers(survivor=survivor.pk, victim=victim.pk, by=by).merge
    assert held(survivor) == (*joined, joined[1])
    assert list(TierChange.objects.values_list("kind", "cause")) == ([(kind, "MERGE")] if kind else [])
    undo_merge(merge, reason="a mistake", by=by)
    assert (held(survivor), held(victim)) == ((*own, own[1]), (*theirs, theirs[1]))
    back = {"UPGRADE": ["UPGRADE", "DOWNGRADE"], "RENEW": ["RENEW", "RENEW"]}.get(kind or "", [])
    assert list(TierChange.objects.order_by("pk").values_list("kind", flat=True)) == back


def test_the_ends_of_both_tiers_are_due_after_the_merge_is_undone(northwind: Organization) -> None:
    by = till_actor(open_shop(northwind).till)
    survivor, victim = holder(northwind, "Silver", EARLY), holder(northwind, "Gold", LATE)
    merge = merge_customers(survivor=survivor.pk, victim=victim.pk, by=by).merge
    assert PointsAccount.objects.get(customer=survivor, moved_to=None).due_at is not None
    assert PointsAccount.objects.exclude(moved_to=None).get().due_at is None
    undo_merge(merge, reason="a mistake", by=by)
    forget_database_time()
    with time_machine.travel(NOON + 400 * DAY):
        assert sum(settle_due(northwind)) == 2
    assert (held(survivor)[0], held(victim)[0]) == ("Bronze", "Silver")


def test_a_tier_that_changed_after_the_merge_stays_when_it_is_undone(northwind: Organization) -> None:
    by = till_actor(open_shop(northwind).till)
    survivor, victim = holder(northwind, "Silver", EARLY), holder(northwind, "Gold", LATE)
    merge = merge_customers(survivor=survivor.pk, victim=victim.pk, by=by).merge
    Membership.objects.filter(customer=survivor).update(tier_locked_until=LATE)
    undo_merge(merge, reason="a mistake", by=by)
    assert held(survivor)[0] == "Gold"
