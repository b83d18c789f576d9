"""coupon/isredeemable (docs/protocol.md, tills' part 5.1)."""

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.coupons.models import Coupon, CouponRedemption
from tests.api import Api
from tests.engagement.coupons.tills.calls import ask, code_of, coupon_of, warnings_of
from tests.engagement.shops import Shops
from tests.factories.coupons import use
from tests.factories.customers import IdentifierFactory
from tests.factories.locations import till_actor
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
INFO = ["id", "description", "discount_code", "valid_till", "discount_type", "discount_value", "discount_on", "detailed_info"]


def test_a_coupon_that_can_be_redeemed(api: Api, shops: Shops, asha: Customer) -> None:
    IdentifierFactory(customer=asha, kind="email", value="asha@example.com")
    code = coupon_of(shops, asha, redemptions_per_coupon=2).code
    query = f"mobile=9812345678&code={code}&<query"
    answer = api.call("GET", "isredeemable", query, entity="coupon")
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert answer.response["coupons"] == {
        "redeemable": {
            "mobile": "919812345678",
            "code": code,
            "is_redeemable": "true",
            "redemptions_left": 2,
            "no_of_redemptions_by_user": 0,
            "coupon_value": "10",
            "customer": {"mobile": "919812345678", "email": "asha@example.com", "external_id": ""},
            "item_status": {
                "success": "true",
                "status": "true",
                "code": 700,
                "message": "Coupon isRedeem successful",
                "warnings": {"warning": []},
            },
        }
    }
    assert not CouponRedemption.objects.exists()


def test_a_refusal_is_all_failed_and_prints_what_is_known(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha)
    use(coupon, till_actor(shops.blr))
    answer = api.call("GET", "isredeemable", f"mobile=9812345678&code={coupon.code}", entity="coupon")
    assert (answer.http.status_code, answer.status["code"], answer.status["success"]) == (200, 500, "false")
    item = answer.response["coupons"]["redeemable"]
    assert (code_of(item), item["item_status"]["status"], item["is_redeemable"]) == (711, "false", "false")
    assert (item["redemptions_left"], item["no_of_redemptions_by_user"], item["coupon_value"]) == (0, 1, "10")


def test_an_unknown_customer_and_coupon_are_repeated_as_sent(api: Api, shops: Shops) -> None:
    item = ask(api, "nosuch", who="external_id=E-1&details=true")
    assert code_of(item) == 701
    assert (item["mobile"], item["code"], item["coupon_value"], item["redemptions_left"]) == ("", "NOSUCH", "", 0)
    assert item["customer"] == {"mobile": "", "email": "", "external_id": "E-1"}
    assert "series_info" not in item


@pytest.mark.parametrize("query", ["code=A1", "mobile=919812345678", "code=A1&mobile=", "user_id=true&code=A1"])
def test_without_a_reference_or_a_code_the_call_is_400(api: Api, shops: Shops, query: str) -> None:
    answer = api.call("GET", "isredeemable", query, entity="coupon")
    assert (answer.http.status_code, answer.status["code"]) == (400, 400)


def test_the_first_reference_in_the_order_of_reads_counts(api: Api, shops: Shops, asha: Customer) -> None:
    code = coupon_of(shops, asha).code
    assert code_of(ask(api, code, who=f"mobile=919812345600&id={asha.pk}")) == 700
    assert code_of(ask(api, code, who=f"user_id={asha.pk}")) == 700
    assert code_of(ask(api, code, who="email=x@example.com&mobile=9812345678")) == 700


def test_codes_of_customer_and_coupon(api: Api, delhi_api: Api, shops: Shops, asha: Customer) -> None:
    stranger = shops.customer("919812345679")
    foreign = ask(api, coupon_of(shops, stranger, redemptions_per_coupon=0).code, "details=true")
    assert (code_of(foreign), foreign["no_of_redemptions_by_user"], foreign["redemptions_left"]) == (710, 0, -1)
    assert foreign["series_info"]["discount_value"] == "10"
    assert code_of(ask(api, "NOSUCH")) == 719
    assert code_of(ask(delhi_api, coupon_of(shops, asha, stores=["blr"]).code)) == 735


def test_codes_of_a_coupons_time(api: Api, shops: Shops, asha: Customer) -> None:
    fixed, short = coupon_of(shops, asha, valid_till="2035-06-30"), coupon_of(shops, asha, valid_days=1)
    assert code_of(ask(api, coupon_of(shops, asha, starts_on="2090-01-01").code)) == 712
    # The last day ends at midnight in the organization's zone.
    with time_machine.travel("2035-06-30T18:29:59Z", tick=False):
        assert code_of(ask(api, fixed.code)) == 700
        assert code_of(ask(api, short.code)) == 713
    with time_machine.travel("2035-06-30T18:30:00Z", tick=False):
        assert code_of(ask(api, fixed.code)) == 712


def test_several_uses_that_are_gone_are_696(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha, redemptions_per_coupon=2)
    for _ in range(2):
        use(coupon, till_actor(shops.blr))
    assert code_of(ask(api, coupon.code)) == 696


def test_the_minimum_is_checked_if_an_amount_is_sent(api: Api, shops: Shops, asha: Customer) -> None:
    code = coupon_of(shops, asha, min_bill_amount=50).code
    assert [code_of(ask(api, code, f"amount={amount}")) for amount in ("", "50", "x")] == [700, 700, 733]
    below = ask(api, code, "amount=49.99")["item_status"]
    assert (below["code"], below["message"]) == (718, "Bill amount is below the minimum of the coupon")


def test_fraud_and_labels_block_the_use(api: Api, shops: Shops, asha: Customer) -> None:
    code = coupon_of(shops, asha).code
    Customer.objects.update(fraud_status=Customer.FraudStatus.CONFIRMED)
    assert code_of(ask(api, code)) == 740
    label(asha, CustomerStatusFactory(organization=shops.organization, blocks=["coupon_redeem"]))
    assert code_of(ask(api, code)) == 742


def test_a_printed_code_that_is_over_the_limit_is_722(api: Api, shops: Shops, asha: Customer) -> None:
    own = coupon_of(shops, asha, max_per_customer=1)
    printed = Coupon.objects.create(
        organization=shops.organization, series=own.series, version=own.version, code="PRINTED1", issued_at=own.issued_at,
        recorded_at=own.issued_at, valid_till=own.valid_till, most_uses=1, made_by="staff:x",
    )  # fmt: skip
    item = ask(api, printed.code, "details=extended")
    assert (code_of(item), item["series_info"]["any_user"]) == (722, "true")


def test_the_code_is_printed_as_asked(api: Api, shops: Shops, asha: Customer) -> None:
    coupon_of(shops, asha)
    Coupon.objects.update(code="Summer26")
    assert {ask(api, "sUMMER26", case)["code"] for case in ("", "coupon_code_case=upper", "coupon_code_case=x")} == {"SUMMER26"}
    assert ask(api, "sUMMER26", "coupon_code_case=LOWER")["code"] == "summer26"
    assert ask(api, "sUMMER26", "coupon_code_case=As_It_Is")["code"] == "Summer26"


def test_details_of_the_series(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha, discount_type="FLAT", discount_value="7.50", valid_till="2035-06-30")
    item = ask(api, coupon.code, "details=TRUE")
    assert list(item["series_info"]) == INFO
    assert item["series_info"] == {
        "id": str(coupon.series_id),
        "description": "Ten percent off",
        "discount_code": "CT10",
        "valid_till": "2035-06-30",
        "discount_type": "ABS",
        "discount_value": "7.5",
        "discount_on": "BILL",
        "detailed_info": "",
    }
    assert "series_info" not in ask(api, coupon.code, "details=false")


def test_extended_details_are_there_on_refusal_too(api: Api, shops: Shops, asha: Customer) -> None:
    coupon = coupon_of(shops, asha, min_bill_amount=50, max_discount="12.50", redemptions_per_coupon=0, starts_on="2090-01-01")
    item = ask(api, coupon.code, "details=extended")
    more = {key: value for key, value in item["series_info"].items() if key not in INFO}
    assert (code_of(item), item["redemptions_left"]) == (712, -1)
    assert more == {
        "min_bill_amount": "50",
        "max_bill_amount": "0",
        "redemptions_per_coupon": "0",
        "valid_till_date": item["series_info"]["valid_till"],
        "series_code": str(coupon.series_id),
        "series_type": "",
        "tag": "",
        "discount_upto": "12.5",
        "same_user_multiple_redeem": "true",
        "any_user": "false",
        "productInfo": [],
        "products": {"product": []},
        "categories": None,
    }


def test_a_merged_customer_has_the_survivors_coupons(api: Api, shops: Shops, asha: Customer) -> None:
    victim = shops.customer("919812345679")
    code = coupon_of(shops, victim).code
    merge_customers(survivor=asha.pk, victim=victim.pk, by=till_actor(shops.blr))
    item = ask(api, code, who="mobile=919812345679")
    assert (code_of(item), item["mobile"], warnings_of(item)) == (700, "919812345678", ["91009"])


def test_another_organization_knows_neither(bazaar_api: Api, shops: Shops, asha: Customer) -> None:
    item = ask(bazaar_api, coupon_of(shops, asha).code, "details=true", who=f"id={asha.pk}")
    assert (code_of(item), item["coupon_value"]) == (701, "")


def test_the_answer_in_xml(api: Api, shops: Shops, asha: Customer) -> None:
    code = coupon_of(shops, asha).code
    query = f"mobile=9812345678&code={code}&details=extended&format=xml"
    root = api.call("GET", "isredeemable", query, entity="coupon").xml
    item = root.find("coupons/redeemable")
    assert item is not None
    paths = ("is_redeemable", "redemptions_left", "series_info/discount_value", "series_info/categories", "item_status/code")
    assert [item.findtext(path) for path in paths] == ["true", "1", "10", "", "700"]
    assert item.find("series_info/productInfo") is not None


def test_a_warm_call_costs_six_statements(
    api: Api, shops: Shops, asha: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    code = coupon_of(shops, asha).code
    ask(api, code)
    # The caller, the customer's id, the coupon, the configuration's version, the customer, the identifiers.
    with django_assert_num_queries(6):
        ask(api, code, "details=extended&amount=5")
