"""Bills and returns as a till sends them, over HTTP."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.api import Answer, Api
from tests.factories.bills import Shop

_numbers = count(1)
TEA = {"item_code": "TEA", "qty": 4, "rate": 30, "value": 120, "amount": 120}
JAM = {"item_code": "JAM", "qty": 2, "rate": 90, "value": 180, "amount": 180}
CUP = {"item_code": "CUP", "qty": 1, "rate": 200, "value": 200, "amount": 200}
# 500 in all, which earn 25 points in the club.
BASKET = {"line_item": [TEA, JAM, CUP]}


def set_flags(shop: Shop, **flags: object) -> None:
    shop.flag(**flags)
    shop.organization.save()


@dataclass
class BillAnswer(Answer):
    """The answer to bills."""

    @property
    def items(self) -> list[dict[str, Any]]:
        bills: list[dict[str, Any]] = self.response["transactions"]["transaction"]
        return bills

    @property
    def numbers(self) -> list[int]:
        """The codes of the items, which are numbers here."""
        codes = [item["item_status"]["code"] for item in self.items]
        assert all(type(code) is int for code in codes)
        return codes

    @property
    def number(self) -> int:
        """The code of the only item."""
        (only,) = self.numbers
        return only

    def effects(self, kind: str) -> list[dict[str, Any]]:
        """The effects of a type."""
        return [effect for effect in self.item["side_effects"]["effect"] if effect["type"] == kind]


@dataclass
class BillTill:
    """Calls of one till to transaction/add."""

    api: Api
    mobile: str = "919812345678"

    def send(self, *items: object, **headers: str) -> BillAnswer:
        return self.post({"root": {"transaction": list(items)}}, **headers)

    def post(self, body: object, **headers: str) -> BillAnswer:
        return BillAnswer(self.api.call("POST", "add", body=body, entity="transaction", **headers).http)

    def sale(self, amount: object = 500, **more: Any) -> dict[str, Any]:
        return {"number": f"B{next(_numbers)}", "amount": amount, "customer": {"mobile": self.mobile}, **more}

    def sell(self, amount: object = 500, **more: Any) -> BillAnswer:
        return self.send(self.sale(amount, **more))

    def give_back(self, number: str, return_type: str = "FULL", **more: Any) -> BillAnswer:
        return self.send({"type": "RETURN", "number": number, "return_type": return_type, **more})
