"""Feeds in customer/get (docs/protocol.md 4.5)."""

from typing import Any

import pytest

from customers.profile.models import Customer
from tests.api import Answer, Api
from tests.engagement.shops import Shops
from tests.factories.bills import at
from tests.factories.consents import without_table
from tests.factories.interactions import NotificationFactory
from tests.factories.sources import SourceProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha(shops: Shops) -> Customer:
    customer = shops.customer()
    SourceProfileFactory(customer=customer, source="WECHAT")
    SourceProfileFactory(customer=customer, source="WEB_ENGAGE")
    return customer


def feed(answer: Answer) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = answer.item["notifications"]["notification"]
    return listed


def test_get_has_the_feed_of_the_source_that_it_asks_for(api: Api, asha: Customer) -> None:
    NotificationFactory(customer=asha, network="web_engage")
    row = NotificationFactory(customer=asha, subject="Your order", status="READ")
    answer = api.get(f"id={asha.pk}&source=wechat")
    assert (answer.code, answer.warnings) == ("1000", [])
    assert feed(answer) == [
        {
            "id": str(row.pk), "sender": "SHOP", "receiver": row.receiver, "subject": "Your order",
            "sent_time": "2026-01-05 10:00:00", "delivered_time": "", "status": "READ",
        }
    ]  # fmt: skip
    assert "notifications" not in api.get(f"id={asha.pk}").item
    assert "notifications" not in api.get(f"id={asha.pk}&source=line").item


def test_get_lists_the_latest_ten_notifications(api: Api, asha: Customer) -> None:
    for day in range(1, 13):
        NotificationFactory(customer=asha, occurred_at=at(f"2026-01-{day:02} 10:00:00"))
    days = [row["sent_time"][8:10] for row in feed(api.get(f"id={asha.pk}&source=WECHAT"))]
    assert days == [f"{day:02}" for day in range(12, 2, -1)]


@pytest.mark.parametrize(("source", "code"), [("WECHAT", "91018"), ("WEB_ENGAGE", "91019")])
def test_a_feed_that_cannot_be_read_is_a_warning_of_get(api: Api, shops: Shops, asha: Customer, source: str, code: str) -> None:
    stranger = shops.customer("919812345679")
    missing = {"WECHAT": "91016", "WEB_ENGAGE": "91017"}[source]
    query = f"id={asha.pk},{stranger.pk}&source={source}"

    def warnings() -> list[list[str]]:
        answer = api.get(query)
        assert (answer.status["code"], answer.codes) == (200, ["1000", "1000"])
        return [item["item_status"]["warnings"]["warning"] for item in answer.items]

    assert warnings() == [[], [missing]]
    with without_table("engagement_notification"):
        assert warnings() == [[code], [missing]]
        assert feed(api.get(f"id={asha.pk}&source={source}")) == []
        assert api.get(f"id={asha.pk}").warnings == []
    assert warnings() == [[], [missing]]
