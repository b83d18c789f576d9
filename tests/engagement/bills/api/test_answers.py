"""What does a till get for a bill? (docs/protocol.md, tills' part 2.5)"""

from decimal import Decimal

import pytest

from engagement.bills.models import Bill, BillLine
from engagement.programs.models import ProgramVersion
from organizations.tenancy.models import Organization
from tests.engagement.bills.api.tills import BASKET, BillTill
from tests.factories.bills import Shop
from tests.factories.coupons import open_series
from tests.factories.programs import ProgramVersionFactory

pytestmark = pytest.mark.django_db
KEYS = [
    "id", "shipping_source_till_code", "number", "bill_client_id", "type", "delivery_status", "parent_bill_number",
    "outlier_status", "customer", "side_effects", "source", "item_status",
]  # fmt: skip


def test_a_bill_is_answered_in_its_order_of_keys(till: BillTill) -> None:
    answer = till.sell(number="K-1", bill_client_id="pos-7", line_items=BASKET)
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    item = answer.item
    assert list(item) == KEYS
    bill = Bill.objects.get()
    assert (item["id"], item["number"], item["bill_client_id"], item["type"]) == (bill.pk, "K-1", "pos-7", "REGULAR")
    assert (item["delivery_status"], item["parent_bill_number"], item["outlier_status"]) == ("DELIVERED", "", "NORMAL")
    assert (item["source"], item["shipping_source_till_code"]) == ("instore", "")
    assert item["item_status"] == {
        "success": "true",
        "code": 600,
        "message": "Transaction added successfully",
        "warnings": {"warning": []},
    }


def test_the_customer_is_text_with_the_figures_after_the_bill(till: BillTill) -> None:
    customer = till.sell().item["customer"]
    assert customer["mobile"] == till.mobile
    assert (customer["email"], customer["external_id"], customer["firstname"]) == ("", "", "")
    assert (customer["lifetime_points"], customer["loyalty_points"], customer["lifetime_purchases"]) == ("75", "75", "500")
    assert (customer["current_slab"], customer["type"], customer["source"]) == ("Bronze", "LOYALTY", "instore")
    (summary,) = customer["points_summaries"]["points_summary"]
    assert (summary["lifetimePoints"], summary["cumulativePurchases"]) == ("75", "500")


def test_points_are_numbers_and_one_effect_for_each_account(till: BillTill) -> None:
    (known,) = till.sell(245).effects("points")
    assert (known["awarded_points"], known["total_points"]) == (12.2, 62.2)
    new = till.sell(400, customer={"mobile": "919812345679"})
    (effect,) = new.effects("points")
    assert (effect["awarded_points"], effect["total_points"]) == (70, 70)
    assert effect["customer_id"] == new.item["customer"]["user_id"]


def test_a_bill_that_lifts_the_tier_says_so(till: BillTill) -> None:
    answer = till.sell(6000)
    (slab,) = answer.effects("slab")
    assert (slab["previous_slab_name"], slab["previous_slab_number"]) == ("Bronze", "1")
    assert (slab["upgraded_slab_name"], slab["upgraded_slab_number"]) == ("Gold", "3")
    assert answer.item["customer"]["current_slab"] == "Gold"
    assert till.sell(10).effects("slab") == []


def test_a_coupon_that_the_new_tier_brings_is_an_effect(northwind: Organization, till: BillTill) -> None:
    open_series(northwind, code="SILVER", description="A gift", discount_code="S10")
    version = ProgramVersion.objects.get()
    version.rules["tiers"][1]["on_entry"] = {"coupon_series": "SILVER"}
    ProgramVersionFactory(program=version.program, number=2, rules=version.rules)
    (coupon,) = till.sell(1000).effects("coupon")
    assert list(coupon) == [
        "id", "coupon_type", "coupon_code", "code", "valid_till", "description", "discount_code", "type",
    ]  # fmt: skip
    assert type(coupon["id"]) is int
    assert coupon["code"] == coupon["coupon_code"]
    assert (coupon["description"], coupon["discount_code"]) == ("A gift", "S10")


def test_a_refused_bill_echoes_what_was_sent(till: BillTill) -> None:
    answer = till.sell(-5, number="K-1", bill_client_id="pos-7")
    assert answer.http.status_code == 200
    assert (answer.status["success"], answer.status["code"]) == ("false", 500)
    item = answer.item
    assert list(item) == KEYS
    assert (item["id"], item["number"], item["bill_client_id"]) == (None, "K-1", "pos-7")
    assert (item["customer"]["user_id"], item["customer"]["mobile"], item["customer"]["loyalty_points"]) == (
        None,
        till.mobile,
        "0",
    )
    assert item["side_effects"]["effect"] == []


def test_xml_has_the_same_keys(till: BillTill) -> None:
    body = f"<root><transaction><number>X-1</number><amount>480.00</amount><customer><mobile>{till.mobile}</mobile></customer>"
    answer = till.post(f"{body}</transaction></root>", Content_Type="text/xml", Accept="application/xml")
    (item,) = answer.xml.findall("transactions/transaction")
    assert [child.tag for child in item] == KEYS
    assert (item.findtext("item_status/code"), item.findtext("customer/loyalty_points")) == ("600", "74")


def test_a_body_in_single_quotes_is_read(till: BillTill) -> None:
    body = f"{{'transaction': {{'number': 'Q-1', 'amount': 100, 'customer': {{'mobile': '{till.mobile}'}}}}}}"
    assert till.post(body).numbers == [600]


def test_items_are_worked_in_order_and_each_by_itself(till: BillTill) -> None:
    answer = till.send(till.sale(100), till.sale("abc"), "text", till.sale(300))
    assert (answer.status["code"], answer.numbers) == (201, [600, 601, 400, 600])
    figures = [item["customer"]["lifetime_purchases"] for item in answer.items if item.get("id")]
    assert figures == ["100", "400"]


def test_more_items_than_the_limit_are_672(shop: Shop, till: BillTill) -> None:
    shop.flag(BATCH_LIMIT=2)
    shop.organization.save()
    answer = till.send(*(till.sale(20) for _ in range(3)))
    assert (answer.http.status_code, answer.status["code"]) == (400, 672)
    assert not Bill.objects.exists()


def test_a_bill_is_stored_with_all_that_it_says(till: BillTill) -> None:
    line = {
        "item_code": "TEA", "serial": 7, "qty": "2", "rate": "50", "discount_value": "10", "description": "Green tea",
        "variant": "loose", "attributes": {"attribute": [{"name": "brand", "value": "Own"}, {"name": "", "value": "x"}]},
        "addon_items": {"addon_item": [{"item_code": "CUP", "quantity": 1}]},
    }  # fmt: skip
    more = {
        "notes": "by the door",
        "delivery_status": "placed",
        "payment_details": {"payment": [{"mode": "CASH", "value": "90.50", "notes": "exact"}]},
        "credit_notes": {"credit_note": [{"number": "C-1", "amount": 5, "notes": ""}]},
        "associate_details": {"code": "A7", "name": "Ravi"},
    }
    assert till.sell(90, discount=10, line_items={"line_item": [line]}, **more).number == 600
    bill, stored = Bill.objects.get(), BillLine.objects.get()
    assert (bill.gross_amount, bill.discount, bill.notes, bill.delivery_status) == (100, 10, "by the door", "PLACED")
    assert bill.details == {
        "payments": [{"mode": "CASH", "value": "90.5", "notes": "exact"}],
        "credit_notes": [{"number": "C-1", "amount": "5", "notes": ""}],
        "associate": {"code": "A7", "name": "Ravi"},
    }
    assert (stored.serial, stored.value, stored.discount, stored.amount) == ("7", Decimal(100), Decimal(10), Decimal(90))
    assert stored.details == {
        "variant": "loose",
        "attributes": {"brand": "Own"},
        "addon_items": [{"item_code": "CUP", "quantity": "1"}],
    }
