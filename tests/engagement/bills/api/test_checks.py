"""Which bills are refused, and with which code? (docs/protocol.md, tills' part 2.1, 2.2, 6.1)"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engagement.bills.models import Bill
from loyalty_project import clock
from organizations.tenancy.models import Organization
from tests.engagement.bills.api.tills import TEA, BillTill, set_flags
from tests.factories.bills import Shop
from tests.factories.customers import Customer
from tests.factories.fields import FieldFactory
from tests.factories.locations import TillFactory
from tests.factories.statuses import CustomerStatusFactory, label

pytestmark = pytest.mark.django_db
FAR = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": None}, 601), ({"amount": "1,250"}, 601), ({"amount": "nan"}, 601), ({"amount": 1234567890123}, 601),
        ({"number": " "}, 602), ({"type": "GIFT"}, 605), ({"customer": {"mobile": ""}}, 606), ({"customer": []}, 606),
        ({"billing_time": "soon"}, 621), ({"billing_time": FAR}, 643), ({"billing_time": "1989-12-31"}, 644),
        ({"amount": -0.01}, 631), ({"gross_amount": -1}, 665), ({"discount": -1}, 666), ({"currency_code": "EUR"}, 682),
        ({"number": "N" * 51}, 685), ({"notes": "n" * 251}, 685), ({"bill_client_id": "c" * 51}, 685),
        ({"delivery_status": "d" * 51}, 685), ({"delivery_status": "ß" * 26}, 685),
        ({"outlier_status": "ODD"}, 1636), ({"amount": {"value": 1}}, 400),
    ],
)  # fmt: skip
def test_a_bill_is_refused_and_leaves_nothing(till: BillTill, change: dict[str, Any], code: int) -> None:
    assert till.sell(**{"amount": 100, **change}).number == code
    assert not Bill.objects.exists()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"item_code": ""}, 622), ({"qty": -1}, 627), ({"qty": "two"}, 601), ({"rate": "dear"}, 601), ({"amount": -1}, 661),
        ({"value": -1}, 662), ({"rate": -1}, 663), ({"discount": -1}, 664), ({"discount_value": -1}, 664),
        ({"item_code": "I" * 101}, 685), ({"description": "d" * 251}, 685), ({"outlier_status": "ODD"}, 1636),
    ],
)  # fmt: skip
def test_a_line_refuses_its_bill(till: BillTill, bad: dict[str, Any], code: int) -> None:
    assert till.sell(100, line_items={"line_item": [TEA, {**TEA, **bad}]}).number == code
    assert not Bill.objects.exists()


def test_the_checks_have_an_order(till: BillTill) -> None:
    bad = {"type": "GIFT", "number": "", "notes": "n" * 251, "amount": -5, "billing_time": "never", "currency_code": "EUR"}
    bad |= {"outlier_status": "ODD", "line_items": {"line_item": [{"qty": -1}]}}
    found = []
    for mended in (
        {"type": "REGULAR"}, {"number": "B-1"}, {"notes": ""}, {"customer": {"mobile": till.mobile}}, {"line_items": ""},
        {"amount": 5}, {"billing_time": ""}, {"currency_code": ""}, {"outlier_status": ""},
    ):  # fmt: skip
        found.append(till.send(bad).number)
        bad.update(mended)
    assert [*found, till.send(bad).number] == [605, 602, 685, 606, 622, 631, 621, 682, 1636, 600]


def test_of_amounts_and_lines_the_lowest_code_counts(till: BillTill) -> None:
    assert till.sell(-5, line_items={"line_item": [{"qty": -1, "item_code": "TEA"}]}).number == 627
    assert till.sell(-5, discount=-1).number == 631


def test_limits_of_amounts_include_their_ends(shop: Shop, till: BillTill) -> None:
    set_flags(shop, CONF_LOYALTY_MIN_BILL_AMOUNT=10, CONF_LOYALTY_MAX_BILL_AMOUNT=500)
    assert [till.sell(amount).number for amount in ("9.99", 10, 500, "500.01")] == [601, 600, 600, 601]


def test_a_bill_of_nothing_may_be_refused(shop: Shop, till: BillTill) -> None:
    assert till.sell(0).number == 600
    set_flags(shop, CONF_CLIENT_IS_BILL_AMOUNT_ZERO=0)
    assert till.sell(0).number == 601


def test_a_label_may_block_billing_or_points(shop: Shop, northwind: Organization, till: BillTill) -> None:
    customer = Customer.objects.get()
    label(customer, CustomerStatusFactory(organization=northwind, blocks=["transactions"]))
    assert till.sell().number == 681
    label(customer, CustomerStatusFactory(organization=northwind, blocks=["points_issue"]))
    answer = till.sell()
    assert (answer.number, answer.warnings, answer.effects("points")) == (600, ["9610"], [])


def test_an_outlier_earns_nothing_and_is_no_purchase(till: BillTill) -> None:
    answer = till.sell(800, outlier_status="outlier")
    assert (answer.number, answer.warnings, answer.item["outlier_status"]) == (600, ["9611"], "OUTLIER")
    assert (answer.effects("points"), answer.item["customer"]["lifetime_purchases"]) == ([], "0")
    assert till.give_back(answer.item["number"]).number == 608


def test_a_line_that_is_an_outlier_earns_nothing(till: BillTill) -> None:
    lines = {"line_item": [{**TEA, "amount": 100}, {**TEA, "item_code": "HAT", "amount": 300, "outlier_status": "TEST"}]}
    answer = till.sell(400, line_items=lines)
    assert (answer.number, answer.warnings) == (600, ["9608"])
    assert answer.message == "Transaction added successfully, Line item HAT is an outlier"
    (effect,) = answer.effects("points")
    assert effect["awarded_points"] == 5


def test_what_cannot_be_kept_is_a_warning_and_the_bill_stands(northwind: Organization, till: BillTill) -> None:
    FieldFactory(organization=northwind, category="transaction", name="table", type="number")
    FieldFactory(organization=northwind, category="transaction", name="cashier", type="text", is_mandatory=True)
    answer = till.sell(
        100,
        shipping_source_till_code="nowhere.t9",
        custom_fields={"field": [{"name": "table", "value": "by the window"}, {"name": "mood", "value": "fine"}]},
        payment_details={"payment": [{"mode": "CASH", "value": "ninety"}, {"mode": ["CARD", "CASH"], "value": [40, 50]}]},
        credit_notes={"credit_note": [{"number": "", "amount": 5}]},
        source="ECOMMERCE",
        redemptions={"points_redemptions": {"id": ["zzzz00"]}, "coupon_redemptions": {"id": [12]}},
    )
    assert answer.number == 600
    assert answer.warnings == ["640", "640", "1103", "9603", "9604", "9604", "9604", "9612", "91003"]
    assert Bill.objects.get().details["payments"] == [{"mode": "CARD", "value": "40"}, {"mode": "CASH", "value": "50"}]


def test_fields_are_kept_in_either_spelling(northwind: Organization, shop: Shop, till: BillTill) -> None:
    table = FieldFactory(organization=northwind, category="transaction", name="table", type="number")
    TillFactory(store=shop.till.store, code="blr.ship")
    named = {"field": [{"name": "Table", "value": 12}]}
    other = {"custom_data_item": [{"field_name": "table", "field_value": "12"}]}
    for sent in ({"custom_fields": named}, {"extended_fields": named}, {"custom_fields_data": other}):
        answer = till.sell(60, shipping_source_till_code="blr.ship", **sent)
        assert (answer.number, answer.warnings) == (600, [])
        assert answer.item["shipping_source_till_code"] == "blr.ship"
    assert [bill.field_values for bill in Bill.objects.all()] == [{str(table.pk): "12"}] * 3


def test_more_lines_than_a_thousand_are_400(till: BillTill) -> None:
    assert till.sell(100, line_items={"line_item": [TEA] * 1000}).number == 600
    assert till.sell(100, line_items={"line_item": [TEA] * 1001}).number == 400


def test_loyalty_may_follow_later(till: BillTill) -> None:
    answer = till.send(till.sale(6000), X_CAP_DIRECT_REPLAY="true")
    assert (answer.number, answer.warnings, answer.item["side_effects"]["effect"]) == (600, ["687"], [])


@pytest.mark.parametrize(
    "sent",
    [
        {"payment_details": {"payment": [{"mode": ["CASH"] * 60, "value": [1] * 60}] * 2}},
        {"points_redemptions": [str(number) for number in range(101)]},
        {"redemptions": {"coupon_redemptions": {"id": [str(number) for number in range(101)]}}},
    ],
)
def test_lists_that_are_too_long_refuse_a_bill(till: BillTill, sent: dict[str, Any]) -> None:
    assert till.sell(100, **sent).number == 400
    assert not Bill.objects.exists()


def test_a_difference_that_is_nearly_nothing_is_nothing(till: BillTill) -> None:
    assert till.sell(209.39999999999998, discount=2.842170943040401e-14).number == 600
    assert (Bill.objects.get().amount, Bill.objects.get().discount) == (Decimal("209.40"), 0)
