"""Which are the latest bills of a customer?"""

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.latest import latest_sale
from engagement.bills.sections import transactions
from organizations.tenancy.models import Organization
from tests.factories.bills import DAY, NOON, Shop, member, open_shop
from tests.reads import read_parts

pytestmark = pytest.mark.django_db


def numbers(*customers: Customer, **query: str) -> list[str]:
    parts = read_parts([transactions], *customers, query=query).values()
    return [bill["number"] for part in parts for bill in part["transactions"]["transaction"]]


def test_ten_of_each_customer_the_newest_first(northwind: Organization, shop: Shop, asha: Customer) -> None:
    boris = member(northwind)
    for number in range(12):
        shop.record(shop.draft(f"A{number}", 10, customer_id=asha.pk, billed_at=NOON - number * DAY))
    shop.record(shop.draft("B1", 10, customer_id=boris.pk))
    assert numbers(asha, boris) == [*(f"A{number}" for number in range(10)), "B1"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"number": "1"}, ["1"]),
        ({"store_code": "del"}, ["2"]),
        ({"till_code": "blr.till1"}, ["3", "1"]),
        ({"type": "return"}, ["3"]),
        ({"amount": "10.00"}, ["1"]),
        ({"amount": "ten"}, []),
        ({"amount": "NaN"}, []),
        ({"amount": "1e999999"}, []),
        ({"date": "2026-03-02"}, ["2", "1"]),
        ({"date": "soon"}, []),
        ({"number": "1", "date": "2026-03-03"}, []),
    ],
)
def test_filters_of_the_call_narrow_them(
    northwind: Organization, shop: Shop, asha: Customer, query: dict[str, str], expected: list[str]
) -> None:
    away = open_shop(northwind, "del", "del.till1")
    shop.record(shop.draft("1", 10, customer_id=asha.pk))
    away.record(away.draft("2", 20, customer_id=asha.pk))
    shop.record(shop.returned("1", 5, number="3", customer_id=asha.pk))
    assert numbers(asha, **query) == expected


def test_the_latest_sale_has_its_store_and_is_no_return(
    shop: Shop, asha: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert latest_sale(asha) is None
    for number in range(3):
        shop.record(shop.draft(f"A{number}", 10, customer_id=asha.pk, billed_at=NOON - number * DAY))
    shop.record(shop.returned("A0", 5, number="R", customer_id=asha.pk))
    with django_assert_num_queries(1):
        sale = latest_sale(asha)
        assert sale is not None
        assert (sale.number, sale.store and sale.store.code) == ("A0", "blr")
