"""Coupon series in the back office: their terms in sentences, and all versions."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from organizations.locations.models import Store
from tests.back_office import list_of, page_of, shown
from tests.factories.coupons import CouponSeriesVersionFactory, open_series

SERIES = "engagement_couponseries"


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, store: Store, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        open_series(store.organization, f"SERIES{number}")
    # Session, member of staff, the limit to stores, series, versions, the count.
    with django_assert_num_queries(7):
        answer = administrator.get(list_of(SERIES))
    assert len(shown(answer)) == count


def test_the_page_describes_the_terms_and_every_version(administrator: Client, store: Store) -> None:
    series = open_series(store.organization, name="Tenth <b>off</b>", max_coupons=1000, stores=["mgroad"]).series
    terms = {"discount_type": "FLAT", "discount_value": 5, "custom_properties": {"colour": "red"}}
    CouponSeriesVersionFactory(series=series, number=2, terms=terms)
    page = administrator.get(page_of(SERIES, series)).content.decode()
    discount = f"5.00 {store.organization.currency} off"
    for text in (discount, "without an end", "colour: red", "everywhere", "active", ".max_coupons: 1000 -&gt; null"):
        assert text in page
    assert "<b>off</b>" not in page


def test_a_series_that_is_off_says_so(administrator: Client, store: Store) -> None:
    open_series(store.organization, is_active=False)
    (row,) = shown(administrator.get(list_of(SERIES)))
    assert not row.is_active
