"""The list of customers by the days on which they bought."""

import pytest
from django.test import Client

from customers.profile.models import Customer
from engagement.bills.models import Bill
from organizations.locations.models import Till
from tests.back_office import list_of, register, shown
from tests.factories.bills import BillFactory, at

CUSTOMERS = "customers_customer"


@pytest.fixture
def ravi(till: Till) -> Customer:
    return register(till, mobile="9812300002")


def bought(client: Client, **days: str) -> list[Customer]:
    return shown(client.get(list_of(CUSTOMERS), {f"bills__billed_at_{end}": day for end, day in days.items()}))


def test_customers_who_bought_on_these_days(administrator: Client, till: Till, anna: Customer, ravi: Customer) -> None:
    for day in ("2026-03-01 00:00:00", "2026-03-03 23:59:59"):
        BillFactory(till=till, customer=anna, billed_at=at(day))
    BillFactory(till=till, customer=ravi, billed_at=at("2026-03-04 00:00:00"))
    assert bought(administrator, **{"from": "2026-03-01", "to": "2026-03-03"}) == [anna]
    assert bought(administrator, **{"from": "2026-03-02"}) == [ravi, anna]
    assert bought(administrator, to="2026-02-28") == []
    assert bought(administrator) == [ravi, anna]


def test_returns_and_outliers_are_no_purchases(administrator: Client, till: Till, anna: Customer, ravi: Customer) -> None:
    when = at("2026-03-01 12:00:00")
    BillFactory(till=till, customer=anna, billed_at=when, type=Bill.Type.RETURN)
    BillFactory(till=till, customer=ravi, billed_at=when, outlier_status=Bill.Outlier.TEST)
    assert bought(administrator, **{"from": "2026-03-01", "to": "2026-03-01"}) == []


def test_bills_of_another_customer_do_not_count(administrator: Client, till: Till, anna: Customer, ravi: Customer) -> None:
    BillFactory(till=till, customer=ravi, billed_at=at("2026-03-01 12:00:00"))
    assert bought(administrator, **{"from": "2026-03-01", "to": "2026-03-01"}) == [ravi]
