"""Bills in the back office: found by number and customer, with lines, returns and points, within reach."""

from decimal import Decimal

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.points.models import PointsAccount
from organizations.locations.models import Till
from tests.back_office import list_of, page_of, shown
from tests.engagement.test_admin import redeem
from tests.factories.bills import BillFactory, BillPointsFactory
from tests.factories.customers import CustomerFactory
from tests.factories.fields import FieldFactory
from tests.factories.points import facts, give_points

BILLS = "engagement_bill"


@pytest.mark.parametrize("bills", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client,
    till: Till,
    account: PointsAccount,
    bills: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(bills):
        BillPointsFactory(
            bill=BillFactory(till=till, customer=account.customer, number=f"B-{number}", with_line=True),
            account=account,
            issued=Decimal(5),
        )
    # Session, member of staff, the limit to stores, stores of the filter, bills.
    with django_assert_num_queries(6):
        assert len(shown(administrator.get(list_of(BILLS)))) == bills


@pytest.mark.parametrize("lines", [1, 3])
def test_the_page_costs_the_same_for_any_number(
    administrator: Client,
    till: Till,
    account: PointsAccount,
    lines: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    bill = BillFactory(till=till, customer=account.customer, number="B-1", with_line=True)
    BillPointsFactory(bill=bill, account=account, issued=Decimal(5))
    for number in range(lines):
        give_points(account, 1, facts=facts(bill_id=bill.pk))
        BillFactory(till=till, customer=account.customer, number=f"R-{number}", type="RETURN", return_of=bill, with_line=True)
        redemption = redeem(account, 1, f"CODE{number}")
        type(redemption).objects.filter(pk=redemption.pk).update(bill=bill)
    ContentType.objects.get_for_model(Bill)
    # Session, member of staff, the limit to stores, the bill; lines, returns, points, redemptions,
    # coupons, entries.
    with django_assert_num_queries(11):
        assert administrator.get(page_of(BILLS, bill)).status_code == 200


def test_bills_are_found_by_number_or_customer_and_narrowed(administrator: Client, till: Till, anna: Customer) -> None:
    hers, return_, nobodys = (
        BillFactory(till=till, customer=anna, number="B-100", with_line=True),
        BillFactory(till=till, customer=anna, number="R-1", type="RETURN", with_line=True),
        BillFactory(till=till, customer=None, number="B-101", type="NOT_INTERESTED", with_line=True),
    )
    for typed in ("B-10", "\u202aB-\u200b10"):
        assert shown(administrator.get(list_of(BILLS), {"q": typed})) == [nobodys, hers]
    assert shown(administrator.get(list_of(BILLS), {"q": str(anna.pk)})) == [return_, hers]
    assert shown(administrator.get(list_of(BILLS), {"q": " "})) == [nobodys, return_, hers]
    assert shown(administrator.get(list_of(BILLS), {"type__exact": "RETURN"})) == [return_]
    assert shown(administrator.get(list_of(BILLS), {"store": str(till.store_id)})) == [nobodys, return_, hers]
    assert shown(administrator.get(list_of(BILLS), {"billed_at_from": "2026-02-01"})) == []


def test_staff_of_a_store_see_its_bills_and_those_of_its_customers(
    seller: Client, till: Till, indiranagar: Till, anna: Customer
) -> None:
    strangers = CustomerFactory(organization=anna.organization, registered_store=indiranagar.store)
    here, hers, hidden = (
        BillFactory(till=till, customer=strangers, number="B-1", with_line=True),
        BillFactory(till=indiranagar, customer=anna, number="B-2", with_line=True),
        BillFactory(till=indiranagar, customer=strangers, number="B-3", with_line=True),
    )
    assert shown(seller.get(list_of(BILLS))) == [hers, here]
    assert seller.get(page_of(BILLS, hers)).status_code == 200
    assert seller.get(page_of(BILLS, hidden))["Location"] == "/admin/"


def test_the_page_of_a_sale_shows_lines_points_and_returns(administrator: Client, till: Till, account: PointsAccount) -> None:
    bill = BillFactory(
        till=till,
        customer=account.customer,
        number="B-1",
        amount=Decimal(1250),
        returned_amount=Decimal(250),
        discount=Decimal(50),
        notes="Rain check",
        currency="INR",
        with_line=True,
    )
    BillPointsFactory(bill=bill, account=account, issued=Decimal(62))
    give_points(account, 62, facts=facts(bill_id=bill.pk))
    return_ = BillFactory(
        till=till,
        customer=account.customer,
        number="R-1",
        amount=Decimal(250),
        currency="INR",
        type="RETURN",
        return_of=bill,
        return_type="AMOUNT",
        with_line=True,
    )
    page = administrator.get(page_of(BILLS, bill)).content.decode()
    for text in ("TENT-2", "Tent for two", "1,250.00 INR", "250.00", "Rain check", "Club", "+62", page_of(BILLS, return_)):
        assert text in page
    page = administrator.get(page_of(BILLS, return_)).content.decode()
    for text in ("−250.00 INR", "bill B-1", page_of(BILLS, bill), "an amount"):
        assert text in page


def test_a_mixed_bill_shows_what_came_back_with_it(administrator: Client, till: Till, anna: Customer) -> None:
    table = FieldFactory(organization=till.organization, category="transaction", name="Table")
    mixed = BillFactory(
        till=till,
        customer=anna,
        number="M-1",
        type="MIXED",
        with_line=True,
        field_values={str(table.pk): "12"},
        delivery_status="PLACED",
        details={
            "payments": [{"mode": "CARD", "value": "40.5", "notes": "tapped"}],
            "associate": {"code": "A7", "name": "Ravi"},
            "credit_notes": [{"number": "C-1", "amount": "5", "notes": ""}],
            "shipping_source_till_code": "ship.till1",
        },
    )
    part = BillFactory(till=till, customer=anna, number="R-1", type="RETURN", part_of=mixed, with_line=True)
    page = administrator.get(page_of(BILLS, mixed)).content.decode()
    for text in ("Came back with it", page_of(BILLS, part), "CARD", "40.50", "A7 Ravi", "C-1, 5.00", "ship.till1", "PLACED"):
        assert text in page
    assert "Table" in page
    assert page_of(BILLS, mixed) in administrator.get(page_of(BILLS, part)).content.decode()


def test_a_bill_without_customer_has_a_page(administrator: Client, till: Till) -> None:
    bill = BillFactory(
        till=till,
        customer=None,
        number="R-2",
        type="NOT_INTERESTED_RETURN",
        returned_number="OLD-7",
        outlier_status="FRAUD",
        with_line=True,
    )
    page = administrator.get(page_of(BILLS, bill)).content.decode()
    assert "OLD-7" in page
    assert "fraud" in page


def test_a_bill_is_neither_changed_nor_deleted(administrator: Client, till: Till, anna: Customer) -> None:
    bill = BillFactory(till=till, customer=anna, number="B-1", with_line=True)
    assert administrator.post(page_of(BILLS, bill), {"amount": "1"}).status_code == 403
    assert administrator.post(f"/admin/engagement/bill/{bill.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Bill.objects.get().amount == 100


def test_the_list_is_narrowed_to_sales_with_and_without_a_customer(
    administrator: Client, till: Till, account: PointsAccount
) -> None:
    sale = BillFactory(till=till, customer=account.customer)
    anonymous = BillFactory(till=till, customer=None, type="NOT_INTERESTED")
    BillFactory(till=till, customer=account.customer, type="RETURN")
    BillFactory(till=till, customer=account.customer, outlier_status="TEST")
    found = {name: set(shown(administrator.get(list_of(BILLS), {"sales": name}))) for name in ("all", "customer", "stranger")}
    assert found == {"all": {sale, anonymous}, "customer": {sale}, "stranger": {anonymous}}
