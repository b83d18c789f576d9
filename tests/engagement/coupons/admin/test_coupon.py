"""Coupons in the back office: the list, the page, and what staff do there."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.coupons.models import Coupon, CouponReversal
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.tenancy.scoping import organization_scope
from tests.back_office import confirmed, list_of, log_in, page_of, shown
from tests.factories.coupons import hold, open_series, use
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory

COUPONS, SERIES = "engagement_coupon", "engagement_couponseries"


@pytest.fixture
def anna(store: Store) -> Customer:
    customer: Customer = CustomerFactory(organization=store.organization, firstname="Anna", registered_store=store)
    IdentifierFactory(customer=customer, value="919812345678")
    return customer


@pytest.fixture
def coupon(till: Till, anna: Customer) -> Coupon:
    with organization_scope(till.store.organization):
        series = open_series(till.store.organization, redemptions_per_coupon=2)
        return hold(anna, series, by=till_actor(till), code="MAYDAY22", till=till, store=till.store)


def action(coupon: Coupon, name: str) -> str:
    return page_of(COUPONS, coupon).replace("/change/", f"/{name}/")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, coupon: Coupon, till: Till, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(1, count):
        series = open_series(coupon.organization, f"MORE{number}")
        hold(CustomerFactory(organization=coupon.organization), series, by=till_actor(till))
    # Session, member of staff, the limit to stores, the choices of two filters, the count, coupons, own views.
    with django_assert_num_queries(9):
        answer = administrator.get(list_of(COUPONS))
    assert len(shown(answer)) == count


@pytest.mark.parametrize(
    ("query", "count"),
    [("q=mayday22", 1), ("q=9812345678", 1), ("q=NOSUCH", 0), ("state=unused", 1), ("state=redeemed", 0), ("state=expired", 0)],
)
def test_coupons_are_found_by_code_customer_and_state(administrator: Client, coupon: Coupon, query: str, count: int) -> None:
    assert len(shown(administrator.get(f"{list_of(COUPONS)}?{query}"))) == count


def test_printed_codes_are_filtered(administrator: Client, coupon: Coupon) -> None:
    Coupon.objects.update(customer=None, issued_to=None)
    assert len(shown(administrator.get(f"{list_of(COUPONS)}?state=printed"))) == 1


def test_the_page_shows_redemptions_and_takes_the_latest_back(administrator: Client, coupon: Coupon, till: Till) -> None:
    use(coupon, till_actor(till), transaction_number="B-9", amount="12.5")
    page = administrator.get(page_of(COUPONS, coupon)).content.decode()
    for text in ("1 of 2", "B-9", "12.50", "counts"):
        assert text in page
    use(coupon, till_actor(till), transaction_number="B-10", amount="1")
    assert "It may then be redeemed once" in administrator.get(action(coupon, "reactivate")).content.decode()
    named = administrator.get(action(coupon, "reactivate")).context["form"].initial["redemption"]
    for _ in range(2):
        sent = {"reason": "Wrong <i>till</i>", "redemption": named}
        assert administrator.post(action(coupon, "reactivate"), sent).status_code == 302
    assert CouponReversal.objects.get().reason == "Wrong <i>till</i>"
    page = administrator.get(page_of(COUPONS, coupon)).content.decode()
    assert "taken back: Wrong &lt;i&gt;till" in page
    for redemption, error in (("0", "no redemption that could be taken back"), ("", "This page is incomplete.")):
        refused = administrator.post(action(coupon, "reactivate"), {"reason": "Again", "redemption": redemption})
        assert error in refused.content.decode()


def test_an_ended_coupon_is_expired(administrator: Client, coupon: Coupon) -> None:
    assert administrator.get(action(coupon, "expire")).status_code == 200
    assert administrator.post(action(coupon, "expire"), {"reason": "Printed twice"}).status_code == 302
    assert len(shown(administrator.get(f"{list_of(COUPONS)}?state=expired"))) == 1
    assert "expired already" in administrator.post(action(coupon, "expire"), {"reason": "Again"}).content.decode()


def test_staff_issue_a_coupon_with_a_reason(administrator: Client, coupon: Coupon, anna: Customer) -> None:
    series = coupon.series
    page = page_of(SERIES, series).replace("/change/", "/issue/")
    assert administrator.get(page).status_code == 200
    sent = {"customer": "9812345678", "reason": "Sorry", "token": "0"}
    shown = administrator.post(page, sent).content.decode()
    assert f"{anna} gets: " in shown
    for _ in range(2):
        assert administrator.post(page, confirmed(sent)).status_code == 302
    issued = Coupon.objects.exclude(pk=coupon.pk).get()
    assert (issued.customer, issued.series) == (anna, series)
    assert AuditEntry.objects.get(object_type="coupon").new["reason"] == "Sorry"


def test_refusals_of_an_issue_are_sentences(administrator: Client, coupon: Coupon, anna: Customer) -> None:
    page = page_of(SERIES, coupon.series).replace("/change/", "/issue/")
    unknown = administrator.post(page, {"customer": "9812345670", "reason": "x", "token": "0"}).content.decode()
    assert "No customer is known by this." in unknown
    coupon.series.is_active = False
    coupon.series.save()
    known = {"customer": "9812345678", "reason": "x", "token": "0"}
    assert "switched off" in administrator.post(page, known).content.decode()
    IdentifierFactory(customer=CustomerFactory(organization=anna.organization, firstname="Anna"), value="919812345670")
    assert (
        "Several customers" in administrator.post(page, {"customer": "981234567", "reason": "x", "token": "0"}).content.decode()
    )


def test_store_staff_see_coupons_but_correct_none(coupon: Coupon, store: Store) -> None:
    staff = log_in(StaffMemberFactory(organization=store.organization, role="store_staff", stores=[store]))
    assert staff.get(page_of(COUPONS, coupon)).status_code == 200
    assert staff.post(action(coupon, "expire"), {"reason": "x"}).status_code == 403


def test_the_customers_page_lists_the_latest_coupons(administrator: Client, coupon: Coupon, anna: Customer) -> None:
    page = administrator.get(page_of("customers_customer", anna), {"tab": "coupons"}).content.decode()
    assert "MAYDAY22" in page
