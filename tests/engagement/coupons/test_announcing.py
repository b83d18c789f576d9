"""Webhook events of coupons."""

import time_machine
from django.db import transaction

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from engagement.coupons.issuing import CouponOrder, issue_coupons, make_coupons
from engagement.coupons.models import Coupon
from loyalty_project import clock
from tests.factories.chains import NOON, Chain, member
from tests.factories.coupons import hold, open_series, use
from tests.factories.webhooks import announced, listen


@time_machine.travel(NOON, tick=False)
def test_an_issued_coupon_is_announced(chain: Chain, asha: Customer) -> None:
    series = open_series(chain.organization, valid_days=30)
    listen(chain.organization, "coupon.issued")
    coupon = hold(asha, series, by=chain.blr)
    (event,) = announced()
    assert (event.kind, event.customer_id, event.occurred_at) == ("coupon.issued", asha.pk, NOON)
    assert event.facts == {
        "coupon_id": coupon.pk,
        "code": coupon.code,
        "series": "TENTH",
        "valid_till": "2026-05-31T18:29:59Z",
    }


def test_many_coupons_are_announced_at_once_and_refused_ones_not(chain: Chain, asha: Customer) -> None:
    series = open_series(chain.organization, max_per_customer=1)
    bela = member(chain, 0, mobile="919812345679").customer
    hold(asha, series, by=chain.blr)
    listen(chain.organization, "coupon.issued")
    with transaction.atomic():
        customers = lock_customers([asha.pk, bela.pk])
        issue_coupons(series, list(customers.values()), by=chain.blr, at=clock.now())
    assert [event.customer_id for event in announced()] == [bela.pk]


def test_printed_codes_are_not_announced(chain: Chain) -> None:
    series = open_series(chain.organization)
    listen(chain.organization, "coupon.issued")
    with transaction.atomic():
        make_coupons([CouponOrder(current=series, customer_id=None, issued_at=clock.now())], by=chain.blr)
    assert Coupon.objects.count() == 1
    assert announced() == []


@time_machine.travel(NOON, tick=False)
def test_a_redemption_is_announced(chain: Chain, asha: Customer) -> None:
    series = open_series(chain.organization, redemptions_per_coupon=2)
    coupon = hold(asha, series, by=chain.blr)
    listen(chain.organization, "coupon.redeemed")
    use(coupon, chain.blr, transaction_number="B1", amount="250.50", redeemed_at="2026-05-01 10:00:00")
    # A repetition of the call redeems nothing.
    use(coupon, chain.blr, transaction_number="B1", amount="250.50", redeemed_at="2026-05-01 10:00:00")
    (event,) = announced()
    assert (event.kind, event.customer_id, f"{event.occurred_at:%H:%M}") == ("coupon.redeemed", asha.pk, "04:30")
    assert event.facts == {
        "coupon_id": coupon.pk,
        "code": coupon.code,
        "series": "TENTH",
        "valid_till": event.facts["valid_till"],
        "transaction_number": "B1",
        "amount": "250.5",
        "discount": None,
        "uses": 1,
    }
