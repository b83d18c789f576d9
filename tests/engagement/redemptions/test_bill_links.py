"""Which bill were points redeemed on?"""

from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from engagement.bills.models import Bill
from engagement.points.models import PointsAccount
from engagement.redemptions.bill_links import link_earlier_redemptions, link_listed_redemptions
from engagement.redemptions.models import Redemption
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import BillFactory
from tests.factories.chains import NOON, Chain, bring_back, member, open_chain, order, redeem

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False):
        chain = open_chain()
        with organization_scope(chain.organization):
            yield chain


def test_a_bill_takes_the_redemptions_that_wait_for_its_number(chain: Chain, asha: PointsAccount) -> None:
    waiting = redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption
    at_another_store = redeem(order(asha, "10", transaction_number="T-1"), chain.delhi).redemption
    of_another_day = redeem(order(asha, "15", transaction_number="T-1", redeemed_at="2026-04-30"), chain.blr).redemption
    of_another_number = redeem(order(asha, "10", transaction_number="T-2"), chain.blr).redemption
    other = member(chain, mobile="919812345679")
    of_somebody_else = redeem(order(other, "10", transaction_number="T-1"), chain.blr).redemption
    bill = BillFactory(customer=asha.customer, number="T-1", store=chain.blr.store, billed_at=NOON)
    link_earlier_redemptions([bill], zone=chain.organization.zone)
    assert list(Redemption.objects.filter(bill=bill)) == [waiting]
    for untied in (at_another_store, of_another_day, of_another_number, of_somebody_else):
        untied.refresh_from_db()
        assert untied.bill is None


def test_a_redemption_may_wait_for_the_bills_id(chain: Chain, asha: PointsAccount) -> None:
    bill = BillFactory(customer=asha.customer, number="T-1", store=chain.blr.store, billed_at=NOON)
    redemption = redeem(order(asha, "10"), chain.blr).redemption
    Redemption.objects.update(transaction_number=str(bill.pk))
    link_earlier_redemptions([bill], zone=chain.organization.zone)
    redemption.refresh_from_db()
    assert redemption.bill == bill


def test_listed_redemptions_are_tied_and_others_are_warned_of(chain: Chain, asha: PointsAccount) -> None:
    by_code, by_id, reversed_whole, elsewhere = (redeem(order(asha, "10"), chain.blr) for _ in range(4))
    bring_back(reversed_whole, chain.blr)
    bring_back(by_id, chain.blr, "4")
    other_bill = BillFactory(customer=asha.customer, number="T-0", billed_at=NOON)
    assert link_listed_redemptions(other_bill, [elsewhere.redemption.code]) == []
    foreign = redeem(order(member(chain, mobile="919812345679"), "10"), chain.blr)
    bill = BillFactory(customer=asha.customer, number="T-1", billed_at=NOON)
    listed = [
        by_code.redemption.code,
        str(by_id.redemption.pk),
        reversed_whole.redemption.code,
        elsewhere.redemption.code,
        foreign.redemption.code,
        "zzzzz0",
        "987654321",
    ]
    for _ in range(2):
        notices = link_listed_redemptions(bill, listed)
        assert [int(notice.code) for notice in notices] == [640] * 5
    assert set(Redemption.objects.filter(bill=bill)) == {by_code.redemption, by_id.redemption}


def test_returns_and_anonymous_bills_take_no_redemptions(chain: Chain, asha: PointsAccount) -> None:
    code = redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption.code
    for bill in (
        BillFactory(customer=asha.customer, number="T-1", store=chain.blr.store, type=Bill.Type.RETURN, billed_at=NOON),
        BillFactory(
            customer=None,
            number="T-1",
            store=chain.blr.store,
            organization=chain.organization,
            type=Bill.Type.NOT_INTERESTED,
            billed_at=NOON,
        ),
    ):
        assert [int(notice.code) for notice in link_listed_redemptions(bill, [code])] == [640]
    assert not Redemption.objects.filter(bill__isnull=False).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_listed_ones_cost_two_queries(
    chain: Chain, asha: PointsAccount, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    codes = [redeem(order(asha, "10"), chain.blr).redemption.code for _ in range(count)]
    bill = BillFactory(customer=asha.customer, number="T-1", store=chain.blr.store, billed_at=NOON)
    with django_assert_num_queries(2):
        link_listed_redemptions(bill, codes)
