"""The other address of coupon/reactivate: plain JSON in version 2 (docs/protocol.md, tills' part 5.4)."""

import json
from typing import Any

import pytest
from django.http import HttpResponse

from engagement.coupons.models import Coupon, CouponReversal
from organizations.credentials.rate_limits import forget_leases
from tests.api import Api
from tests.engagement.coupons.tills.calls import ask, reactivate, used
from tests.engagement.shops import Shops

pytestmark = pytest.mark.django_db
ADDRESS = "/v2/coupon/reactivate"


def post(api: Api, *redemptions: Any, query: str = "", **headers: str) -> HttpResponse:
    return api.request("POST", f"{ADDRESS}{query}", {"redemptionIds": [*redemptions]}, **headers).http


def content(http: HttpResponse) -> dict[str, Any]:
    assert http.headers["Content-Type"] == "application/json; charset=utf-8"
    tree: dict[str, Any] = json.loads(http.content)
    assert list(tree) == ["success", "warnings", "errors"]
    return tree


@pytest.mark.parametrize("query", ["", "/", "?format=xml"])
def test_redemptions_are_taken_back(api: Api, shops: Shops, coupon: Coupon, query: str) -> None:
    first, second = used(shops, coupon), used(shops, coupon)
    http = post(api, first, int(second), query=query, Accept="application/xml")
    assert (http.status_code, content(http)) == (200, {"success": True, "warnings": [], "errors": []})
    assert ask(api, coupon.code)["redemptions_left"] == 5


def test_a_repetition_is_a_success_with_a_warning(api: Api, shops: Shops, coupon: Coupon) -> None:
    redemption = used(shops, coupon)
    reactivate(api, redemption)
    http = post(api, redemption)
    warning = {"code": 510, "message": "Invalid redemption id", "redemptionId": redemption}
    assert (http.status_code, content(http)) == (200, {"success": True, "warnings": [warning], "errors": []})


def test_a_part_that_fails_is_no_success(api: Api, shops: Shops, coupon: Coupon) -> None:
    http = post(api, "x", used(shops, coupon), "", {"a": "b"})
    errors = [
        {"code": 510, "message": "Invalid redemption id", "redemptionId": "x"},
        {"code": 661, "message": "No redemption id", "redemptionId": ""},
        {"code": 400, "message": content(http)["errors"][-1]["message"], "redemptionId": ""},
    ]
    assert (http.status_code, content(http)) == (200, {"success": False, "warnings": [], "errors": errors})
    assert CouponReversal.objects.count() == 1


def test_http_400_if_none_was_taken_back(api: Api, bazaar_api: Api, shops: Shops, coupon: Coupon) -> None:
    for http in (post(api, "x", "y"), post(bazaar_api, used(shops, coupon))):
        assert (http.status_code, {error["code"] for error in content(http)["errors"]}) == (400, {510})


@pytest.mark.parametrize(
    "body", ["", "{", "[]", {}, {"redemptionIds": []}, {"redemptionIds": None}, {"root": {"coupon": [{}]}}]
)
def test_a_body_without_ids_is_400(api: Api, shops: Shops, body: Any) -> None:
    http = api.request("POST", ADDRESS, body).http
    (error,) = content(http)["errors"]
    assert (http.status_code, error["code"], content(http)["success"]) == (400, 400, False)


def test_refused_calls_are_in_the_same_form(api: Api, shops: Shops) -> None:
    assert post(api, "1", Authorization="Basic eA==").status_code == 401
    assert content(post(api, "1", Authorization="Basic eA=="))["errors"][0]["code"] == 401
    http = api.request("GET", ADDRESS).http
    assert (http.status_code, content(http)["errors"][0]["code"]) == (405, 405)


def test_the_calls_are_throttled(api: Api, shops: Shops, coupon: Coupon) -> None:
    shops.organization.flags = {"RATE_LIMIT_PER_MINUTE": 1}
    shops.organization.save()
    forget_leases()
    answers = [post(api, "x") for _ in range(2)]
    assert [http.status_code for http in answers] == [400, 429]
    assert content(answers[1])["errors"][0]["code"] == 429


def test_more_than_the_limit_are_1060(api: Api, shops: Shops) -> None:
    shops.organization.flags = {"BATCH_LIMIT": 2}
    shops.organization.save()
    http = post(api, "1", "2", "3")
    assert (http.status_code, content(http)["errors"][0]["code"]) == (400, 1060)


def test_a_key_reactivates_once(api: Api, shops: Shops, coupon: Coupon) -> None:
    redemption = used(shops, coupon)
    first, again = (post(api, redemption, Idempotency_Key="K1") for _ in range(2))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert content(first) == content(again) == {"success": True, "warnings": [], "errors": []}
