"""Calls of a till about coupons, and what their answers say."""

from typing import Any

from django.db import transaction

from customers.profile.models import Customer
from engagement.coupons.models import Coupon
from tests.api import Answer, Api
from tests.engagement.shops import Shops
from tests.factories.coupons import hold, open_series, use
from tests.factories.locations import till_actor

MOBILE = "919812345678"
ASHA = {"mobile": MOBILE}
NOBODY = {"mobile": "919812345600"}


def coupon_of(shops: Shops, customer: Customer, **terms: Any) -> Coupon:
    """A customer's coupon of another series with these terms."""
    series = open_series(shops.organization, f"SERIES{Coupon.objects.count()}", **terms)
    with transaction.atomic():
        return hold(customer, series, by=till_actor(shops.blr))


def used(shops: Shops, coupon: Coupon) -> str:
    """The id of a redemption."""
    return str(use(coupon, till_actor(shops.blr)).redemption.pk)


def ask(api: Api, code: str, query: str = "", who: str = f"mobile={MOBILE}") -> dict[str, Any]:
    """The item of coupon/isredeemable."""
    answer = api.call("GET", "isredeemable", f"{who}&code={code}&{query}", entity="coupon")
    item: dict[str, Any] = answer.response["coupons"]["redeemable"]
    return item


def send(api: Api, action: str, *items: Any, query: str = "", key: str = "") -> Answer:
    """Items as they are, to an action that writes."""
    headers = {"Idempotency-Key": key} if key else {}
    return api.call("POST", action, query, {"root": {"coupon": [*items]}}, entity="coupon", **headers)


def redeem(api: Api, code: str, query: str = "", **more: Any) -> dict[str, Any]:
    """The item of coupon/redeem, of Asha unless it says otherwise."""
    answer = send(api, "redeem", {"code": code, "customer": ASHA, **more}, query=query)
    item: dict[str, Any] = answer.response["coupons"]["coupon"]
    return item


def issue(api: Api, series: str = "TENTH", query: str = "", **more: Any) -> dict[str, Any]:
    """The item of coupon/issue, for Asha unless it says otherwise."""
    answer = send(api, "issue", {"series_id": series, "customer": ASHA, **more}, query=query)
    item: dict[str, Any] = answer.response["coupon"]
    return item


def reactivate(api: Api, *redemptions: Any) -> list[dict[str, Any]]:
    """The items of coupon/reactivate."""
    answer = send(api, "reactivate", *({"redemption_id": each} for each in redemptions))
    items: list[dict[str, Any]] = answer.response["coupons"]["coupon"]
    return items


def code_of(item: dict[str, Any]) -> int:
    """The code of an item, a number that says the same as its success."""
    code = item["item_status"]["code"]
    assert type(code) is int
    assert item["item_status"]["success"] == ("true" if code == 700 else "false")
    return code


def warnings_of(item: dict[str, Any]) -> list[str]:
    warnings: list[str] = item["item_status"]["warnings"]["warning"]
    return warnings
