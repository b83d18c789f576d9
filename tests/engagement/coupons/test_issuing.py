"""Issuing of coupons: by tills, and to many customers at once."""

import re

import pytest
import time_machine
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from engagement.coupons.catalog import CurrentSeries
from engagement.coupons.issuing import Issued, IssueRequest, issue_coupon, issue_coupons
from engagement.coupons.models import Coupon, SeriesIssues
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.models import AuditEntry
from tests.factories.chains import NOON, Chain, member
from tests.factories.coupons import CouponSeriesVersionFactory, hold, open_series, refusal_of, use
from tests.factories.customers import CustomerFactory
from tests.factories.statuses import CustomerStatusFactory, label

MOBILE = {"mobile": "9812345678"}


def ask(chain: Chain, series: str = "TENTH", **more: object) -> Issued:
    """A coupon as a till issues it, to the customer of the mobile."""
    request = IssueRequest(**{"series": series, "references": MOBILE, **more})  # type: ignore[arg-type]
    with transaction.atomic():
        return issue_coupon(request, by=chain.blr)


def refused(chain: Chain, series: str = "TENTH", **more: object) -> int:
    return refusal_of(lambda: ask(chain, series, **more))


@time_machine.travel(NOON, tick=False)
def test_a_coupon_is_dated_now_with_the_terms_of_its_series(chain: Chain, asha: Customer) -> None:
    series = open_series(chain.organization, valid_days=30, redemptions_per_coupon=2)
    issued = ask(chain)
    coupon = Coupon.objects.get()
    assert (issued.coupon, issued.current.series, issued.is_replay) == (coupon, series.series, False)
    assert (coupon.customer, coupon.issued_to, coupon.version, coupon.most_uses) == (asha, asha, series.version, 2)
    assert (coupon.issued_at, coupon.till, coupon.store, coupon.made_by) == (
        NOON,
        chain.blr.till,
        chain.blr.store,
        chain.blr.name,
    )
    assert f"{coupon.valid_till:%F %T}" == "2026-05-31 18:29:59"
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{8}", coupon.code)
    assert SeriesIssues.objects.get(series=series.series).issued == 1


def test_an_issue_leaves_an_audit_entry(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization)
    coupon = ask(chain).coupon
    entry = AuditEntry.objects.get(object_type="coupon")
    assert (entry.action, entry.object_id, entry.actor) == ("issued", coupon.pk, chain.blr.name)
    assert entry.new == {"customer": asha.pk, "series": "TENTH", "code": coupon.code}


def test_each_call_without_a_reference_makes_a_coupon(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization)
    assert ask(chain).coupon.code != ask(chain).coupon.code


def test_the_same_reference_gives_the_first_coupon_again(chain: Chain, asha: Customer) -> None:
    series = open_series(chain.organization, max_per_customer=1)
    first = ask(chain, external_reference="R1")
    series.series.is_active = False
    series.series.save()
    again = ask(chain, external_reference="R1")
    assert (again.coupon, again.is_replay) == (first.coupon, True)


def test_a_reference_of_another_series_is_refused(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization)
    open_series(chain.organization, "OTHER")
    ask(chain, external_reference="R1")
    assert refused(chain, "OTHER", external_reference="R1") == 722


def test_refusals_have_an_order(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization, is_active=False)
    assert refused(chain, "NONE", external_reference="x" * 101) == 709
    assert refused(chain, "NONE", references={}) == 707
    assert refused(chain, "", references=MOBILE) == 707
    assert refused(chain, references={}) == 701
    assert refused(chain, references={"mobile": "9812345679"}) == 701
    assert refused(chain, references={"mobile": "12"}) == 701
    Customer.objects.update(fraud_status=Customer.FraudStatus.CONFIRMED)
    assert refused(chain) == 750
    Customer.objects.update(fraud_status=Customer.FraudStatus.NONE)
    assert refused(chain) == 712


def test_a_label_blocks_coupons(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization)
    label(asha, CustomerStatusFactory(organization=chain.organization, blocks=["coupon_issue"]))
    assert refused(chain) == 742


def test_a_series_ends_with_its_last_day_in_the_zone(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization, valid_till="2026-05-01")
    with time_machine.travel("2026-05-01T18:29:59Z", tick=False):
        assert refused(chain) == 0
    with time_machine.travel("2026-05-01T18:30:00Z", tick=False):
        assert refused(chain) == 712


def test_a_series_that_has_not_begun_may_issue(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization, starts_on="2040-01-01")
    assert refused(chain) == 0


def test_a_series_issues_no_more_than_its_maximum(chain: Chain, asha: Customer) -> None:
    open_series(chain.organization, max_coupons=2, valid_days=1)
    with time_machine.travel(NOON, tick=False):
        use(ask(chain).coupon, chain.blr)
        assert refused(chain) == 0
    assert refused(chain) == 712
    assert SeriesIssues.objects.get().issued == 2


def test_a_customer_gets_no_more_than_the_maximum_for_each(chain: Chain, asha: Customer) -> None:
    series = open_series(chain.organization, max_per_customer=2)
    assert [refused(chain) for _ in range(3)] == [0, 0, 722]
    assert sorted(Coupon.objects.values_list("nth", flat=True)) == [1, 2]
    other = CustomerFactory(organization=chain.organization)
    assert hold(other, series, by=chain.blr).nth == 1


def test_a_limit_that_comes_later_counts_earlier_coupons(chain: Chain, asha: Customer) -> None:
    series = open_series(chain.organization).series
    ask(chain)
    terms = {"discount_type": "FLAT", "discount_value": 1, "max_per_customer": 2, "max_coupons": 2}
    CouponSeriesVersionFactory(series=series, number=2, terms=terms)
    assert [refused(chain), refused(chain)] == [0, 722]
    member(chain, 0, mobile="919812345679")
    assert refused(chain, references={"mobile": "9812345679"}) == 712


def test_refused_coupons_of_many_take_no_place(chain: Chain) -> None:
    series = open_series(chain.organization, max_coupons=2)
    customers = CustomerFactory.create_batch(4, organization=chain.organization)
    customers[0].fraud_status = Customer.FraudStatus.INTERNAL
    with transaction.atomic():
        results = issue_coupons(series, customers, by=chain.blr, at=clock.now(), transaction_number="B1")
    assert [int(result.code) if isinstance(result, LoyaltyError) else 0 for result in results] == [750, 0, 0, 712]
    assert sorted(Coupon.objects.values_list("customer", "transaction_number")) == [
        (customer.pk, "B1") for customer in customers[1:3]
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_many_customers_cost_the_same_as_one(
    chain: Chain, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    series: CurrentSeries = open_series(chain.organization, max_per_customer=1, max_coupons=10)
    customers = CustomerFactory.create_batch(count, organization=chain.organization)
    with transaction.atomic():
        held = list(lock_customers([customer.pk for customer in customers]).values())
        # Counts of the series, of its customers and their last numbers, codes, ids, coupons, counts.
        with django_assert_num_queries(7):
            issue_coupons(series, held, by=chain.blr, at=clock.now())
    assert Coupon.objects.count() == count
