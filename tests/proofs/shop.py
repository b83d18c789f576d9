"""A shop whose tills call a server over HTTP, and what the server shows of its customers afterwards."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from loyalty_project.serving import Address
from organizations.locations.models import Till
from tests.factories.locations import TILL_PASSWORD
from tests.killing import RemoteApi

FULL = os.environ.get("REGULARS_PROOFS") == "full"
SEED = int(os.environ.get("REGULARS_SEED") or 20260501)
ORGANIZATION_FILE = Path(__file__).with_name("shop.yaml")
TILLS = ("blr.till1", "blr.till2", "del.till1", "del.till2")
_FIRST_MOBILE = 919812300000


@dataclass(frozen=True, slots=True)
class Item:
    """The only item of an answer, and the HTTP status."""

    http: int
    content: Mapping[str, Any]

    @property
    def code(self) -> int:
        return int(self.content["item_status"]["code"]) if "item_status" in self.content else self.http

    @property
    def warnings(self) -> list[str]:
        warnings: list[str] = self.content["item_status"]["warnings"]["warning"]
        return warnings


@dataclass
class Shop:
    """Calls of four tills. Threads may share it."""

    address: Address
    _mobiles: "count[int]" = field(default_factory=lambda: count(_FIRST_MOBILE))

    def write(self, action: str, body: Mapping[str, Any], *, till: int = 0, key: str = "") -> Item:
        """A call of one item, `action` being `transaction/add` or the like, by one of the tills."""
        entity, _, verb = action.partition("/")
        name = {"transaction": "transaction", "customer": "customer", "coupon": "coupon"}.get(entity, verb)
        headers = {"Idempotency-Key": key} if key else {}
        return self._call("POST", f"/v1.1/{action}", {"root": {name: [dict(body)]}}, till, headers)

    def read(self, action: str, query: str) -> Mapping[str, Any]:
        return self._call("GET", f"/v1.1/{action}?{query}", None, 0, {}).content

    def register(self) -> str:
        """A new customer's id."""
        item = self.write("customer/add", {"mobile": str(next(self._mobiles)), "firstname": "Asha"})
        assert item.code == 1000
        return str(item.content["user_id"])

    def sell(self, customer: str | Mapping[str, str], amount: object, number: str, *, till: int = 0, key: str = "") -> Item:
        """A sale to a customer, who may be new."""
        reference = {"id": customer} if isinstance(customer, str) else customer
        bill = {"type": "REGULAR", "number": number, "amount": str(amount), "customer": reference}
        return self.write("transaction/add", bill, till=till, key=key)

    def take_back(self, customer: str, sale: str, number: str, *, till: int = 0, key: str = "") -> Item:
        """A whole return."""
        bill = {"type": "RETURN", "return_type": "FULL", "number": sale, "parent_bill_number": number}
        return self.write("transaction/add", {**bill, "customer": {"id": customer}}, till=till, key=key)

    def redeem(self, customer: str, points: object, reference: str, *, till: int = 0, key: str = "") -> Item:
        redeem = {"points_redeemed": str(points), "customer": {"id": customer}, "external_reference_number": reference}
        return self.write("points/redeem", redeem, till=till, key=key)

    def issue(self, customer: str, series: str) -> str:
        """The code of a new coupon."""
        item = self.write("coupon/issue", {"series_id": series, "customer": {"id": customer}})
        assert item.code == 700
        return str(item.content["code"])

    def use(self, customer: str, coupon: str, number: str, *, till: int = 0, key: str = "") -> Item:
        use = {"code": coupon, "customer": {"id": customer}, "transaction": {"number": number}}
        return self.write("coupon/redeem", use, till=till, key=key)

    def balance(self, customer: str) -> Decimal:
        return Decimal(self.read("customer/get", f"id={customer}")["loyalty_points"])

    def figures(self, customer: str) -> Mapping[str, Any]:
        return self.read("customer/get", f"id={customer}")

    def bills(self, customer: str) -> list[Mapping[str, Any]]:
        shown = self.read("customer/transactions", f"id={customer}&limit=1000")
        bills: list[Mapping[str, Any]] = shown["transactions"]["transaction"]
        return bills

    def redemptions(self, customer: str) -> Mapping[str, Any]:
        """The redemptions of points (`points.point`) and of coupons (`coupons.coupon`)."""
        shown: Mapping[str, Any] = self.read("customer/redemptions", f"id={customer}&limit=1000")["redemptions"]
        return shown

    def _call(self, method: str, address: str, body: object, till: int, headers: dict[str, str]) -> Item:
        api = RemoteApi(Till(code=TILLS[till % len(TILLS)]), TILL_PASSWORD, self.address)
        answer = api.request(method, address, body, **headers)
        status = answer.http.status_code
        return Item(status, _item(answer.response) if status == 200 else {})


def _item(response: Mapping[str, Any]) -> Mapping[str, Any]:
    (content,) = (value for name, value in response.items() if name not in {"status", "pagination"})
    if "item_status" not in content and len(content) == 1:
        (content,) = content.values()
    if isinstance(content, list):
        (content,) = content
    item: Mapping[str, Any] = content
    return item
