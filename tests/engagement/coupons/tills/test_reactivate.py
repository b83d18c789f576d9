"""coupon/reactivate (docs/protocol.md, tills' part 5.4)."""

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.coupons.models import Coupon, CouponReversal
from tests.api import Api
from tests.engagement.coupons.tills.calls import ask, code_of, reactivate, send, used, warnings_of
from tests.engagement.shops import Shops
from tests.factories.coupons import hold, open_series
from tests.factories.locations import till_actor

pytestmark = pytest.mark.django_db


def test_a_redemption_taken_back(api: Api, shops: Shops, coupon: Coupon) -> None:
    redemption = used(shops, coupon)
    answer = send(api, "reactivate", {"redemption_id": redemption})
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert answer.response["coupons"] == {
        "coupon": [
            {
                "redemptionId": redemption,
                "code": coupon.code,
                "redemptions_left": 5,
                "item_status": {
                    "success": "true",
                    "code": 700,
                    "message": "Coupon reactivated",
                    "warnings": {"warning": []},
                },
            }
        ]
    }
    assert CouponReversal.objects.get().till == shops.blr


def test_refusals_and_a_repetition_keep_their_order(api: Api, shops: Shops, coupon: Coupon) -> None:
    first, second = used(shops, coupon), used(shops, coupon)
    assert [code_of(item) for item in reactivate(api, int(first))] == [700]
    items = reactivate(api, "", "999999999", "x", first, second, ["1"])
    assert [code_of(item) for item in items] == [661, 510, 510, 700, 700, 400]
    assert [warnings_of(item) for item in items] == [[], [], [], ["510"], [], []]
    assert items[3]["item_status"]["message"] == "Coupon reactivated, Invalid redemption id"
    assert [(item["redemptionId"], item["code"]) for item in items[:3]] == [("", ""), ("999999999", ""), ("x", "")]
    assert ask(api, coupon.code)["redemptions_left"] == 5


def test_uses_without_a_limit_are_minus_one(api: Api, shops: Shops, asha: Customer) -> None:
    series = open_series(shops.organization, redemptions_per_coupon=0)
    endless = hold(asha, series, by=till_actor(shops.blr))
    assert reactivate(api, used(shops, endless))[0]["redemptions_left"] == -1


def test_another_organizations_redemption_is_510(bazaar_api: Api, shops: Shops, coupon: Coupon) -> None:
    assert code_of(reactivate(bazaar_api, used(shops, coupon))[0]) == 510
    assert not CouponReversal.objects.exists()


def test_an_item_that_is_no_object_is_400(api: Api, shops: Shops, coupon: Coupon) -> None:
    items = send(api, "reactivate", "x", {"redemption_id": used(shops, coupon)}).response["coupons"]["coupon"]
    assert [code_of(item) for item in items] == [400, 700]
    assert items[0]["redemptions_left"] == 0


def test_xml_in_and_out(api: Api, shops: Shops, coupon: Coupon) -> None:
    first, second = used(shops, coupon), used(shops, coupon)
    body = "".join(f"<coupon><redemption_id>{each}</redemption_id></coupon>" for each in (first, second))
    answer = api.call("POST", "reactivate", "", f"<root>{body}</root>", entity="coupon", Content_Type="text/xml")
    assert [tag.findtext("redemptionId") for tag in answer.xml.findall("coupons/coupon")] == [first, second]


@pytest.mark.parametrize(("count", "statements"), [(1, 10), (3, 28)])
def test_a_reactivation_costs_its_statements(
    api: Api, shops: Shops, coupon: Coupon, count: int, statements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reactivate(api, used(shops, coupon))
    redemptions = [used(shops, coupon) for _ in range(count)]
    with django_assert_num_queries(statements):
        assert [code_of(item) for item in reactivate(api, *redemptions)] == [700] * count
