"""Webhook events of points and tiers."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction

from customers.profile.models import Customer
from engagement.adjustments.posting import Draft, post_adjustment
from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import award, reverse, spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.settlement import settle_due
from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.bills import NOON, Shop, account_of, bring_back, buy
from tests.factories.points import facts
from tests.factories.program_files import club, load
from tests.factories.webhooks import announced, listen
from webhooks.endpoints.models import Endpoint

pytestmark = pytest.mark.django_db
POINTS = ("points.awarded", "points.redeemed", "points.expired", "points.corrected", "tier.changed")


@pytest.fixture(autouse=True)
def _listening(shop: Shop) -> None:
    listen(shop.organization, *POINTS)


def figures(kind: str) -> list[tuple[str, str]]:
    """Points and balance of the events of a kind."""
    return [(event.facts["points"], event.facts["balance"]) for event in announced(kind)]


@time_machine.travel(NOON)
def test_a_bill_awards_points_and_raises_the_tier(shop: Shop, asha: Customer) -> None:
    bill = buy(asha, shop.till, "2026-03-02 12:00:00", 4_000)
    (awarded,) = announced("points.awarded")
    entry = account_of(asha).entries.get()
    assert (awarded.customer_id, awarded.occurred_at) == (asha.pk, bill.billed_at)
    assert awarded.facts == {
        "program": "Club",
        "entry_id": entry.pk,
        "reason": "award",
        "points": "200",
        "balance": "200",
        "bill_id": bill.pk,
        "reference": entry.reference,
        "good_until": entry.explanation["good_until"],
    }
    (raised,) = announced("tier.changed")
    assert (raised.customer_id, raised.occurred_at) == (asha.pk, bill.billed_at)
    assert raised.facts["program"] == "Club"
    assert (raised.facts["change"], raised.facts["cause"]) == ("upgrade", "the program's rules")
    assert (raised.facts["from_tier"], raised.facts["to_tier"]) == ("Bronze", "Silver")


@time_machine.travel(NOON)
def test_a_return_corrects(shop: Shop, asha: Customer) -> None:
    sale = buy(asha, shop.till, "2026-03-02 11:00:00", 1_000)
    bring_back(sale, "2026-03-02 12:00:00", 400)
    assert figures("points.corrected") == [("-20", "30")]
    assert announced("points.corrected")[0].facts["reason"] == "return"


def test_redemptions_reversals_and_expiry_have_kinds_of_their_own(shop: Shop, asha: Customer) -> None:
    with transaction.atomic():
        (state,) = lock_accounts([asha.pk], zone=shop.organization.zone).values()
        award(state, Decimal(100), facts=facts(), expiry=Expiry(clock.now().date() + timedelta(days=3)))
        redemption = spend(state, Decimal(40), kind=Kind.REDEEM, facts=facts(reference="R1"))
        taken = [(consumption.lot, consumption.points) for consumption in state.consumptions]
        reverse(state, redemption, Decimal(10), taken=taken, facts=facts())
        write_accounts([state])
    assert figures("points.awarded") == [("100", "100")]
    assert figures("points.redeemed") == [("-40", "60")]
    assert figures("points.corrected") == [("10", "70")]
    assert announced("points.redeemed")[0].facts["reference"] == "R1"
    with time_machine.travel(clock.now() + timedelta(days=5)):
        assert sum(settle_due(shop.organization)) == 1
    assert figures("points.expired") == [("-70", "0")]


def test_promised_points_are_announced_when_they_are_credited(shop: Shop, asha: Customer) -> None:
    with transaction.atomic():
        (state,) = lock_accounts([asha.pk], zone=shop.organization.zone).values()
        award(state, Decimal(8), facts=facts(), opens_at=clock.now() + timedelta(days=2))
        write_accounts([state])
    assert announced() == []
    with time_machine.travel(clock.now() + timedelta(days=3)):
        assert sum(settle_due(shop.organization)) == 1
    (event,) = announced()
    assert (event.kind, event.facts["reason"], event.facts["points"]) == ("points.awarded", "release of a promise", "8")


def test_adjustments_correct(shop: Shop, asha: Customer) -> None:
    by = command_actor("x", shop.organization)
    with transaction.atomic():
        program_id = account_of(asha).program_id
        post_adjustment(Draft(points=Decimal(7), reason="x"), customer=asha, program_id=program_id, by=by, now=clock.now())
    assert figures("points.corrected") == [("7", "7")]


def test_points_that_rolled_back_are_not_announced(shop: Shop, asha: Customer) -> None:
    with transaction.atomic():
        (state,) = lock_accounts([asha.pk], zone=shop.organization.zone).values()
        award(state, Decimal(8), facts=facts())
        write_accounts([state])
        transaction.set_rollback(True)
    assert announced() == []


@time_machine.travel(NOON)
def test_the_welcome_award_is_announced(shop: Shop) -> None:
    load(club(enrolment={"points": 50}))
    Organization.objects.update(base_country="IN")
    shop.till.organization.refresh_from_db()
    customer = register(shop.till, mobile="+919812300009")
    (event,) = announced("points.awarded")
    assert (event.customer_id, event.facts["points"]) == (customer.pk, "50")


def test_kinds_that_nobody_listens_to_are_left_out(shop: Shop, asha: Customer) -> None:
    Endpoint.objects.update(events=["points.redeemed"])
    buy(asha, shop.till, amount=10_000)
    assert announced() == []
