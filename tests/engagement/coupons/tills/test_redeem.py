"""coupon/redeem (docs/protocol.md, tills' part 5.2)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.coupons.models import CouponRedemption
from loyalty_project import clock
from organizations.audit.actors import command_actor
from organizations.idempotency.models import KeptAnswer
from tests.api import Api
from tests.engagement.coupons.tills.calls import ASHA, NOBODY, code_of, coupon_of, redeem, send, warnings_of
from tests.engagement.shops import Shops
from tests.factories.locations import till_actor
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.erasure import erase_customer
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
BILL = {"number": "B1", "amount": 80}


def test_a_redemption(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha, discount_type="FLAT", discount_value=50)
    bill = {"number": "B1", "amount": 209.39999999999998, "discount": "50"}
    answer = send(api, "redeem", {"code": coupon.code.lower(), "customer": ASHA, "transaction": bill})
    row = CouponRedemption.objects.get()
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert answer.response["coupons"] == {
        "coupon": {
            "customer": {"mobile": "919812345678", "email": "", "external_id": ""},
            "redemptionId": str(row.pk),
            "code": coupon.code,
            "discount_code": "CT10",
            "series_code": str(coupon.series_id),
            "series_info": [],
            "is_absolute": "true",
            "coupon_value": "50",
            "transaction": {"amount": "209.40", "number": "B1"},
            "side_effects": {"effect": []},
            "item_status": {
                "success": "true",
                "code": 700,
                "message": "Coupon processing successful",
                "warnings": {"warning": []},
            },
        }
    }
    assert (row.amount, row.discount, row.till) == (Decimal("209.40"), Decimal(50), shops.blr)


def test_a_failed_redemption_has_no_id_and_repeats_what_was_sent(api: Api, shops: Shops, asha: Customer) -> None:
    sent = {"code": "nosuch", "customer": {"user_id": asha.pk, "mobile": [], "email": "A@x.org"}, "transaction": BILL}
    answer = send(api, "redeem", sent)
    assert (answer.http.status_code, answer.status["code"]) == (200, 500)
    item = answer.response["coupons"]["coupon"]
    assert item.pop("item_status")["message"] == "Coupon code does not exist"
    assert item == {
        "customer": {"mobile": "", "email": "A@x.org", "external_id": "", "user_id": str(asha.pk)},
        "code": "nosuch",
        "discount_code": "",
        "series_code": "",
        "series_info": [],
        "is_absolute": "false",
        "coupon_value": "",
        "transaction": {"amount": "0.00", "number": "B1"},
        "side_effects": {"effect": []},
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"code": ["A", "B"]},
        {"code": "A", "customer": {"mobile": {"a": "b"}}},
        {"code": "A", "customer": ASHA, "custom_fields": {"field": [{"name": "a", "value": "b"}] * 101}},
        {"code": "A", "customer": ASHA, "custom_fields": [{"field": [{"name": "a"}] * 60}, {"field": [{"name": "a"}] * 60}]},
    ],
)
def test_objects_and_lists_in_place_of_values_are_400(api: Api, shops: Shops, bad: dict[str, Any]) -> None:
    item = send(api, "redeem", bad).response["coupons"]["coupon"]
    assert (code_of(item), item["is_absolute"], item["series_info"]) == (400, "false", [])


def test_the_coupon_may_be_named_by_its_id(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha)
    item = send(api, "redeem", {"id": coupon.pk, "customer": ASHA}).response["coupons"]["coupon"]
    assert (code_of(item), item["code"], item["transaction"]) == (700, coupon.code, {"amount": "0.00", "number": ""})


def test_the_query_names_the_customer_if_the_body_does_not(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha, redemptions_per_coupon=0)
    assert code_of(redeem(api, coupon.code, "mobile=9812345678", customer="")) == 700
    assert code_of(redeem(api, coupon.code, f"user_id={asha.pk}", customer=[])) == 700
    assert code_of(redeem(api, coupon.code, "mobile=9812345678", customer=NOBODY)) == 701
    refused = redeem(api, coupon.code, "user_id=true", customer={})
    assert (code_of(refused), refused["customer"]) == (701, {"mobile": "", "email": "", "external_id": ""})
    assert redeem(api, coupon.code, "email=x@y.org", customer={})["customer"]["email"] == "x@y.org"


def test_lists_of_one_are_read(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha, redemptions_per_coupon=0)
    listed = [{"field": {"name": "lane", "value": "3"}}, {"field": [{"name": "desk", "value": 7}, "x"]}, "y"]
    item = redeem(api, coupon.code, customer=[ASHA], transaction=[BILL, {"number": "B2"}], custom_fields=listed)
    assert (code_of(item), item["transaction"]["number"]) == (700, "B1")
    wrapped = {"field": [{"name": "lane", "value": ["3"]}, {"name": "desk", "value": "7"}]}
    assert code_of(redeem(api, coupon.code, custom_fields=wrapped)) == 700
    stored = CouponRedemption.objects.order_by("pk").values_list("custom_fields", flat=True)
    lane, desk = ({"name": "lane", "value": "3"}, {"name": "desk", "value": "7"})
    assert list(stored) == [[lane, desk], [desk]]


def test_more_than_one_coupon_is_1060(api: Api, shops: Shops, asha: Customer) -> None:
    answer = send(api, "redeem", {"code": "A"}, {"code": "B"})
    assert (answer.http.status_code, answer.status["code"]) == (400, 1060)


def test_json_in_single_quotes_is_read(api: Api, shops: Shops, asha: Customer) -> None:
    body = f"{{'root': {{'coupon': {{'code': '{coupon_of(shops, asha).code}', 'customer': {{'mobile': '9812345678'}}}}}}}}"
    answer = api.call("POST", "redeem", "", body, entity="coupon")
    assert code_of(answer.response["coupons"]["coupon"]) == 700


def test_xml_in_and_out(api: Api, shops: Shops, asha: Customer) -> None:
    body = (
        f"<root><coupon><code>{coupon_of(shops, asha).code}</code><customer><mobile>9812345678</mobile></customer>"
        "<transaction><number>B1</number><amount>99</amount></transaction></coupon></root>"
    )
    answer = api.call("POST", "redeem", "", body, entity="coupon", Content_Type="text/xml")
    item = answer.xml.find("coupons/coupon")
    assert item is not None
    paths = ("redemptionId", "is_absolute", "transaction/amount", "item_status/code", "series_info")
    assert [item.findtext(path) for path in paths] == [str(CouponRedemption.objects.get().pk), "false", "99.00", "700", ""]


def test_codes_of_what_the_item_names(api: Api, shops: Shops, asha: Customer) -> None:
    foreign = coupon_of(shops, shops.customer("919812345679")).code
    assert code_of(redeem(api, "")) == 702
    assert code_of(redeem(api, "NOSUCH", customer=NOBODY)) == 701
    assert code_of(redeem(api, "NOSUCH")) == 719
    assert code_of(redeem(api, foreign)) == 710
    assert code_of(redeem(api, foreign, transaction={"number": "x" * 101})) == 709


def test_uses_that_are_gone_are_711_of_one_and_696_of_several(api: Api, shops: Shops, asha: Customer) -> None:
    single, double = coupon_of(shops, asha).code, coupon_of(shops, asha, redemptions_per_coupon=2).code
    assert [code_of(redeem(api, single)) for _ in range(2)] == [700, 711]
    assert [code_of(redeem(api, double)) for _ in range(3)] == [700, 700, 696]


def test_codes_of_series_store_bill_and_time(api: Api, delhi_api: Api, shops: Shops, asha: Customer) -> None:
    here = coupon_of(shops, asha, stores=["blr"], min_bill_amount=50, valid_days=1).code
    assert code_of(redeem(api, coupon_of(shops, asha, starts_on="2090-01-01").code)) == 712
    assert code_of(redeem(delhi_api, here)) == 735
    assert code_of(redeem(api, here, transaction={"amount": 49})) == 718
    assert code_of(redeem(api, here, transaction={"amount": "nan"})) == 733
    assert code_of(redeem(api, here, redemption_time="noon")) == 739
    assert code_of(redeem(api, here, redemption_time=f"{clock.now() + timedelta(days=1):%F %T}")) == 739
    with time_machine.travel("2090-01-01", tick=False):
        assert code_of(redeem(api, here)) == 713


def test_a_bills_number_may_be_required(api: Api, shops: Shops, asha: Customer) -> None:
    shops.organization.flags = {"CONF_COUPON_TRANSACTION_NUMBER_REQUIRED": 1}
    shops.organization.save()
    code = coupon_of(shops, asha).code
    refused = redeem(api, code, transaction={"number": " ", "amount": 5})
    assert (code_of(refused), refused["item_status"]["message"]) == (718, "Transaction number is required")
    assert code_of(redeem(api, code, transaction=BILL)) == 700


def test_fraud_and_labels_block_the_use(api: Api, shops: Shops, asha: Customer) -> None:
    code = coupon_of(shops, asha).code
    Customer.objects.update(fraud_status=Customer.FraudStatus.CONFIRMED)
    assert code_of(redeem(api, code)) == 740
    label(asha, CustomerStatusFactory(organization=shops.organization, blocks=["coupon_redeem"]))
    assert code_of(redeem(api, code)) == 742


def test_a_redemption_time_follows_the_rule_of_redemptions(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha, redemptions_per_coupon=0)
    for stated in ("2026-05-01 10:00:00", "2026-05-01T10:00:00Z", "2026-05-01T10:00:00+02:00"):
        assert code_of(redeem(api, coupon.code, redemption_time=stated)) == 700
    times = CouponRedemption.objects.order_by("pk").values_list("redeemed_at", flat=True)
    assert [f"{time:%F %T}" for time in times] == ["2026-05-01 04:30:00", "2026-05-01 10:00:00", "2026-04-30 18:30:00"]


def test_the_same_bill_at_the_same_till_is_answered_again(api: Api, delhi_api: Api, shops: Shops, asha: Customer) -> None:
    code = coupon_of(shops, asha).code
    first = redeem(api, code, transaction=BILL)
    again = redeem(api, code, transaction={"number": "B1"})
    assert (code_of(again), warnings_of(again)) == (700, ["711"])
    assert again["item_status"]["message"] == "Coupon processing successful, Coupon already redeemed"
    assert {**again, "item_status": 0} == {**first, "item_status": 0}
    assert code_of(redeem(delhi_api, code, transaction=BILL)) == 711


def test_a_merged_customers_reference_leads_to_the_survivor(api: Api, shops: Shops, asha: Customer) -> None:
    victim = shops.customer("919812345679")
    code = coupon_of(shops, victim).code
    merge_customers(survivor=asha.pk, victim=victim.pk, by=till_actor(shops.blr))
    items = [redeem(api, code, customer={"mobile": "919812345679"}, transaction=BILL) for _ in range(2)]
    assert [(code_of(item), item["customer"]["mobile"]) for item in items] == [(700, "919812345678")] * 2
    assert [warnings_of(item) for item in items] == [["91009"], ["711", "91009"]]


def test_kept_refusals_are_emptied_with_the_customer(api: Api, shops: Shops, asha: Customer) -> None:
    send(api, "redeem", {"code": "NOSUCH", "customer": {**ASHA, "card_number": []}}, key="K1")
    send(api, "redeem", {"code": "NOSUCH"}, query="mobile=919812345678", key="K2")
    send(api, "issue", {"series_id": "NOSUCH", "customer": ASHA}, {"series_id": "NOSUCH", "customer": NOBODY}, key="K1")
    assert KeptAnswer.objects.filter(subject_id=asha.pk, body__contains="919812345678").count() == 3
    erase_customer(asha.pk, basis="Request 17", by=command_actor("erase_customer", shops.organization))
    assert not KeptAnswer.objects.filter(body__contains="919812345678").exists()
    assert KeptAnswer.objects.filter(body__contains="919812345600", subject_id=None).count() == 1


def test_a_key_answers_without_a_warning(api: Api, shops: Shops, asha: Customer) -> None:
    item = {"code": coupon_of(shops, asha).code, "customer": ASHA}
    first, again = (send(api, "redeem", item, key="K1") for _ in range(2))
    assert (again.is_replayed, again.response) == (True, first.response)
    assert code_of(first.response["coupons"]["coupon"]) == 700


@pytest.mark.parametrize(
    ("currency", "sent", "printed"), [("KWD", "12.345", "12.345"), ("KWD", "12.34", "12.34"), ("JPY", "12.34", "12.00")]
)
def test_amounts_have_at_least_two_decimals(
    api: Api, shops: Shops, asha: Customer, currency: str, sent: str, printed: str
) -> None:
    shops.organization.currency = currency
    shops.organization.save()
    item = redeem(api, coupon_of(shops, asha).code, transaction={"amount": sent})
    assert item["transaction"]["amount"] == printed


def test_a_redemption_costs_its_statements(
    api: Api, shops: Shops, asha: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    code = coupon_of(shops, asha, redemptions_per_coupon=0).code
    redeem(api, code)
    with django_assert_num_queries(13):
        assert code_of(redeem(api, code, transaction=BILL)) == 700
