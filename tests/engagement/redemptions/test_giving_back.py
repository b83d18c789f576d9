"""Returns that give back what was redeemed on the returned bill."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.points.checks.run import check_ledger
from engagement.points.explanations import explain
from engagement.points.ledger.movements import spend
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.catalog import load_catalog
from engagement.redemptions.models import Redemption
from engagement.redemptions.requests import ReversalRequest
from engagement.redemptions.reversing import reverse_redemption
from organizations.tenancy.models import Organization
from referrals.campaigns.catalog import load_campaigns
from tests.factories.bills import DAY, NOON, Shop, account_of, member, membership_of
from tests.factories.locations import till_actor
from tests.factories.points import facts, give_points, state_of
from tests.factories.program_files import club, load
from tests.factories.redemptions import RedemptionFactory
from use_cases.deferred_events import work_deferred_events
from use_cases.purchases import record_purchases

pytestmark = pytest.mark.django_db
GIVES = {"returns": {"give_back_redeemed": True}}


@pytest.fixture
def asha(northwind: Organization) -> Customer:
    return member(northwind)


def spent(account: PointsAccount, points: int, **more: Any) -> Redemption:
    """A redemption of points that the account has."""
    state = state_of(account)
    entry = spend(state, Decimal(points), kind=PointsEntry.Kind.REDEEM, facts=facts(NOON))
    write_accounts([state])
    redemption: Redemption = RedemptionFactory(account=state.account, entry=entry, **more)
    return redemption


def redeemed_on_a_bill(shop: Shop, customer: Customer, points: int = 40, **rules: Any) -> Redemption:
    """A bill of 400 on which points of a lot of 100 were redeemed."""
    load(club(**{"earning": [], "precision": 0, **rules}))
    give_points(account_of(customer), 100)
    sale = shop.record(shop.draft("1", 400, customer_id=customer.pk)).recorded.bill
    return spent(account_of(customer), points, bill=sale)


def bring_back(shop: Shop, customer: Customer, amount: int, hour: int = 0) -> None:
    at = NOON + DAY + timedelta(hours=hour)
    shop.record(shop.returned("1", amount, customer_id=customer.pk, billed_at=at))


def test_points_come_back_to_their_lots_in_proportion(shop: Shop, asha: Customer) -> None:
    redemption = redeemed_on_a_bill(shop, asha, 41, **GIVES)
    balances = []
    for hour, amount in enumerate((100, 50, 250)):
        bring_back(shop, asha, amount, hour)
        balances.append(account_of(asha).balance)
    # floor(41 x 100 / 400), floor(41 x 150 / 400), all.
    assert balances == [69, 74, 100]
    redemption.refresh_from_db()
    assert (redemption.reversed, PointsLot.objects.get().left) == (41, 100)
    entry = PointsEntry.objects.filter(kind="REVERSAL").order_by("pk")[0]
    assert explain(entry) == f"10 points given back by the return of bill 1, of redemption {redemption.code}."
    assert list(check_ledger(shop.organization)) == []


def test_points_stay_redeemed_unless_the_program_gives_back(shop: Shop, asha: Customer) -> None:
    redeemed_on_a_bill(shop, asha)
    bring_back(shop, asha, 400)
    assert account_of(asha).balance == 60


def test_points_that_come_back_may_lift_the_tier(shop: Shop, asha: Customer) -> None:
    silver = {"name": "Silver", "upgrade": {"based_on": "CURRENT_POINTS", "threshold": 110}}
    redeemed_on_a_bill(shop, asha, tiers=[{"name": "Bronze"}, silver], **GIVES)
    give_points(account_of(asha), 40)
    bring_back(shop, asha, 50, 0)
    assert (account_of(asha).balance, membership_of(asha).tier) == (105, None)
    bring_back(shop, asha, 50, 1)
    tier = membership_of(asha).tier
    assert (account_of(asha).balance, tier and tier.name) == (110, "Silver")


def test_what_a_till_reversed_is_not_given_back_again(shop: Shop, asha: Customer) -> None:
    redemption = redeemed_on_a_bill(shop, asha, **GIVES)
    reverse_redemption(ReversalRequest(redemption_id=redemption.code, points="25"), by=till_actor(shop.till))
    bring_back(shop, asha, 200, 0)
    assert account_of(asha).balance == 85
    bring_back(shop, asha, 100, 1)
    assert account_of(asha).balance == 90


def test_points_come_back_before_the_return_takes_any(shop: Shop, asha: Customer) -> None:
    redeemed_on_a_bill(shop, asha, 100, earning=[{"name": "base", "award": {"fixed": 8}}], **GIVES)
    spent(account_of(asha), 8)
    bring_back(shop, asha, 400)
    assert (account_of(asha).balance, account_of(asha).returned) == (92, 8)


def test_points_whose_last_day_is_over_expire_at_once(shop: Shop, asha: Customer) -> None:
    redeemed_on_a_bill(shop, asha, **GIVES)
    # What is left of the lot expires with the return, and then what it gives back.
    PointsLot.objects.update(expires_on=NOON.date())
    bring_back(shop, asha, 400)
    account = account_of(asha)
    assert (account.balance, account.expired, account.redeemed) == (0, 100, 0)


def test_a_failed_step_gives_back_later(shop: Shop, asha: Customer) -> None:
    redeemed_on_a_bill(shop, asha, **GIVES)
    draft = shop.returned("1", 400, customer_id=asha.pk)
    record_purchases(
        [draft],
        catalog=load_catalog(),
        campaigns=load_campaigns(),
        by=till_actor(shop.till),
        now=NOON + 2 * DAY,
        defer_awards=True,
    )
    assert account_of(asha).balance == 60
    work_deferred_events(shop.organization, asha.pk)
    assert account_of(asha).balance == 100


def test_returns_of_programs_that_keep_read_nothing_more(shop: Shop, asha: Customer) -> None:
    redeemed_on_a_bill(shop, asha)
    with CaptureQueriesContext(connection) as queries:
        bring_back(shop, asha, 400)
    assert not [query for query in queries.captured_queries if 'FROM "engagement_redemption"' in query["sql"]]
