"""Calls about points as a till makes them, over HTTP"""

from dataclasses import dataclass
from typing import Any

from engagement.points.models import PointsAccount
from tests.api import Answer, Api
from tests.factories.chains import Chain


@dataclass
class PointsAnswer(Answer):
    """The only item of an answer, wherever it is."""

    @property
    def item(self) -> dict[str, Any]:
        (container,) = (value for key, value in self.response.items() if key != "status")
        (item,) = container.values()
        assert isinstance(item, dict)
        return item

    @property
    def numeric_code(self) -> int:
        number = self.item["item_status"]["code"]
        assert type(number) is int
        return number


@dataclass
class PointsTill:
    """Calls of one till about one customer's points."""

    api: Api
    account: PointsAccount

    @property
    def whose(self) -> dict[str, str]:
        return {"id": str(self.account.customer_id)}

    def ask(self, points: object = 30, query: str = "") -> PointsAnswer:
        return self.read("isredeemable", f"id={self.account.customer_id}&points={points}&{query}")

    def send_code(self, points: object = 30) -> PointsAnswer:
        return self.read("validationcode", f"id={self.account.customer_id}&points={points}")

    def read(self, action: str, query: str) -> PointsAnswer:
        return PointsAnswer(self.api.call("GET", action, query, entity="points").http)

    def redeem(self, points: object = "30", query: str = "", key: str = "", **more: Any) -> PointsAnswer:
        item = {"points_redeemed": points, "customer": self.whose, **more}
        return self.write("redeem", {"root": {"redeem": [item]}}, query, key)

    def reverse(self, redemption_id: str = "", key: str = "", **more: Any) -> PointsAnswer:
        named = {"redemption_id": redemption_id} if redemption_id else {}
        return self.write("reverse", {"root": {"reverse": [{**named, "customer": self.whose, **more}]}}, key=key)

    def write(self, action: str, body: object, query: str = "", key: str = "", **headers: str) -> PointsAnswer:
        if key:
            headers["Idempotency-Key"] = key
        return PointsAnswer(self.api.call("POST", action, query, body, entity="points", **headers).http)

    def reverse_plainly(self, body: object, **headers: str) -> Answer:
        return self.api.request("POST", "/v2/points/reverse", body, **headers)

    def balance(self) -> int:
        self.account.refresh_from_db()
        return int(self.account.balance)


def till_of(chain: Chain, account: PointsAccount) -> PointsTill:
    assert chain.blr.till is not None
    return PointsTill(Api(chain.blr.till), account)


def other_till_of(chain: Chain, account: PointsAccount) -> PointsTill:
    assert chain.delhi.till is not None
    return PointsTill(Api(chain.delhi.till), account)
