"""customer/interaction (docs/protocol.md 4.13)."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.interactions.models import Interaction, Notification
from tests.api import Answer, Api
from tests.engagement.shops import Shops
from tests.factories.bills import at
from tests.factories.consents import without_table
from tests.factories.interactions import InteractionFactory, NotificationFactory, SurveyFactory
from tests.factories.locations import till_actor
from tests.factories.sources import SourceProfileFactory
from tests.reads import READ_STATEMENTS
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
MOBILE = "919812345678"
RETRIEVED = "Customer interactions retrieved successfully"


@pytest.fixture
def asha(shops: Shops) -> Customer:
    return shops.customer(MOBILE)


def ask(api: Api, query: str = "", who: str = f"mobile={MOBILE}") -> Answer:
    return api.call("GET", "interaction", f"{who}&{query}")


def status(answer: Answer) -> dict[str, Any]:
    item: dict[str, Any] = answer.customer["item_status"]
    return item


def warnings(answer: Answer) -> list[str]:
    listed: list[str] = status(answer)["warnings"]["warning"]
    return listed


def kinds(answer: Answer) -> dict[tuple[str, str], dict[str, Any]]:
    """The interactions of the answer by network and type."""
    listed = answer.customer["interactions"]["network"]
    return {(network["name"], kind["type"]): kind for network in listed for kind in network["interaction"]}


def test_the_status_has_its_code_twice(api: Api, asha: Customer) -> None:
    answer = ask(api)
    assert answer.status == {"success": "true", "code": 200, "message": "Success", "response_code": 200}
    assert answer.customer == {
        "id": str(asha.pk), "mobile": MOBILE, "email": None, "external_id": None, "interactions": {"network": []},
        "item_status": {"success": "true", "code": "1000", "message": RETRIEVED, "warnings": {"warning": []}},
    }  # fmt: skip
    assert ask(api, who="x=1").status["response_code"] == 400
    assert api.call("POST", "interaction").status["response_code"] == 405
    assert api.call("GET", "interactions", f"mobile={MOBILE}").status["response_code"] == 200


def test_messages(api: Api, asha: Customer) -> None:
    email = InteractionFactory(
        customer=asha, type="email", sender="shop@example.com", receiver="me@example.com", subject="Hello",
        status="DELIVERED", delivered_at=at("2026-01-05 10:00:09"),
    )  # fmt: skip
    InteractionFactory(customer=asha, occurred_at=at("2026-01-01 10:00:00"))
    latest = InteractionFactory(customer=asha)
    found = kinds(ask(api))
    assert found["capillary", "email"] == {
        "type": "email", "count": "1",
        "messages": {
            "message": [
                {
                    "id": str(email.pk), "sender": "shop@example.com", "receiver": "me@example.com", "subject": "Hello",
                    "sent_time": "2026-01-05 10:00:00", "delivered_time": "2026-01-05 10:00:09", "status": "DELIVERED",
                }
            ]
        },
    }  # fmt: skip
    texts = found["capillary", "sms"]
    assert (texts["count"], texts["messages"]["message"][0]["id"]) == ("2", str(latest.pk))
    assert texts["messages"]["message"][1]["delivered_time"] == ""


def test_check_ins_and_posts(api: Api, asha: Customer) -> None:
    here = {"network": "foursquare", "type": "checkin", "latitude": Decimal("12.97"), "longitude": Decimal("-77.5")}
    InteractionFactory(customer=asha, **here)
    InteractionFactory.create_batch(2, customer=asha, network="twitter", type="tweet")
    found = kinds(ask(api))
    place = {"lat": "12.97", "long": "-77.5", "time": "2026-01-05 10:00:00"}
    assert found["foursquare", "checkin"] == {"type": "checkin", "count": "1", "locs": {"loc": [place]}}
    assert found["twitter", "tweet"] == {"type": "tweet", "count": "2"}


def test_surveys_with_the_latest_answer(api: Api, asha: Customer) -> None:
    SurveyFactory(customer=asha, nps_score=6, response_url="https://example.com/1", sent_by="till 1")
    SurveyFactory(
        customer=asha, occurred_at=at("2026-01-01 10:00:00"), survey_name="Autumn", completed_at=at("2026-02-01 10:00:00")
    )
    SurveyFactory(customer=asha, occurred_at=at("2026-03-01 10:00:00"), nps_score=None, completed_at=None)
    found = kinds(ask(api))["capillary", "survey"]
    assert list(found) == [
        "type", "latest_nps_score", "latest_survey_name", "latest_survey_interaction_time", "surveys", "count",
    ]  # fmt: skip
    assert [found[key] for key in list(found)[1:4]] == ["9", "Autumn", "2026-02-01 10:00:00"]
    assert found["count"] == "3"
    assert found["surveys"]["survey"][0]["nps_score"] == found["surveys"]["survey"][0]["completion_time"] == ""
    assert found["surveys"]["survey"][1] == {
        "name": "Spring", "nps_score": "6", "sent_by": "till 1", "response_url": "https://example.com/1",
        "sent_time": "2026-01-05 10:00:00", "completion_time": "2026-01-06 09:00:00",
    }  # fmt: skip


def test_surveys_without_an_answer(api: Api, asha: Customer) -> None:
    SurveyFactory(customer=asha, nps_score=None, completed_at=None)
    found = kinds(ask(api))["capillary", "survey"]
    assert (found["latest_nps_score"], found["latest_survey_name"], found["latest_survey_interaction_time"]) == ("", "", "")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["tweet", "sms", "email", "notification"]),
        ("network=Twitter", ["tweet"]),
        ("network=wechat", ["notification"]),
        ("network=0", ["tweet", "sms", "email", "notification"]),
        ("type=SMS", ["sms"]),
        ("network=twitter&type=sms", []),
        ("network=capillary&start_date=2026-01-03", ["email"]),
        ("end_date=2026-01-02", ["sms"]),
        ("start_date=2026-01-02+10:00:00&end_date=2026-01-02+10:00:00", ["sms"]),
    ],
)
def test_filters(api: Api, asha: Customer, query: str, expected: list[str]) -> None:
    InteractionFactory(customer=asha, network="twitter", type="tweet")
    InteractionFactory(customer=asha, occurred_at=at("2026-01-02 10:00:00"))
    InteractionFactory(customer=asha, type="email")
    NotificationFactory(customer=asha)
    assert sorted(name for _, name in kinds(ask(api, query))) == sorted(expected)


@pytest.mark.parametrize("query", ["network=myspace", "type=pigeon", "start_date=noon", "end_date=2026-13-01"])
def test_unreadable_parameters_are_400(api: Api, asha: Customer, query: str) -> None:
    answer = ask(api, query)
    assert (answer.status["code"], answer.status["response_code"], status(answer)["code"]) == (500, 500, "400")


@pytest.mark.parametrize(
    ("who", "expected"),
    [("mobile=919812345679", "1012"), ("id=999999999", "1011"), ("mobile=", "1015"), ("mobile=12ab", "1042"), ("id=x", "400")],
)
def test_refusals(api: Api, asha: Customer, who: str, expected: str) -> None:
    assert status(ask(api, who=who))["code"] == expected


def test_several_customers_are_a_list_up_to_the_limit(api: Api, shops: Shops, asha: Customer) -> None:
    answer = ask(api, who=f"mobile={MOBILE},919812345679")
    assert (answer.status["code"], [item["item_status"]["code"] for item in answer.customers]) == (201, ["1000", "1012"])
    shops.organization.flags = {**shops.organization.flags, "BATCH_LIMIT": 1}
    shops.organization.save()
    assert ask(api, who=f"mobile={MOBILE},919812345679").status["code"] == 1060


def test_customers_of_others_are_unknown(bazaar_api: Api, asha: Customer) -> None:
    assert status(ask(bazaar_api, who=f"id={asha.pk}"))["code"] == "1011"


def test_a_call_limited_to_its_store_does_not_see_others(api: Api, delhi_api: Api, shops: Shops) -> None:
    shops.customer(MOBILE, registered_store=shops.blr.store)
    assert status(ask(api, "member_care_access=true"))["code"] == "1000"
    assert status(ask(delhi_api, "member_care_access=true"))["code"] == "1044"


def test_a_merge_moves_interactions_and_keeps_equal_ones(api: Api, shops: Shops, asha: Customer) -> None:
    survivor = shops.customer("919812345679")
    for customer in (survivor, asha):
        InteractionFactory(customer=customer, receiver="919812345678")
        NotificationFactory(customer=customer, receiver="asha")
    InteractionFactory(customer=asha, receiver="919812345677")
    merge_customers(survivor=survivor.pk, victim=asha.pk, by=till_actor(shops.blr))
    answer = ask(api)
    assert (warnings(answer), kinds(answer)["capillary", "sms"]["count"]) == (["91009"], "2")
    assert kinds(answer)["wechat", "notification"]["count"] == "1"
    assert [rows.objects.filter(customer=asha).count() for rows in (Interaction, Notification)] == [1, 1]


# --- feeds


def test_notifications_of_a_feed_are_a_network_of_their_own(api: Api, asha: Customer) -> None:
    row = NotificationFactory(customer=asha, subject="Your order")
    (message,) = kinds(ask(api))["wechat", "notification"]["messages"]["message"]
    assert (message["id"], message["subject"]) == (str(row.pk), "Your order")


@pytest.mark.parametrize(
    ("sources", "query", "expected"),
    [
        (["WECHAT"], "", ["91018"]),
        (["WEB_ENGAGE"], "", ["91019"]),
        (["WECHAT", "WEB_ENGAGE"], "", ["91018", "91019"]),
        (["WECHAT", "WEB_ENGAGE"], "network=wechat", ["91018"]),
        (["WECHAT"], "network=web_engage", []),
        (["LINE"], "", []),
        ([], "", []),
    ],
)
def test_a_feed_that_cannot_be_read_is_a_warning_for_its_accounts(
    api: Api, asha: Customer, sources: list[str], query: str, expected: list[str]
) -> None:
    for source in sources:
        SourceProfileFactory(customer=asha, source=source)
    InteractionFactory(customer=asha)
    before = ask(api, query)
    assert (before.status["code"], warnings(before)) == (200, [])
    with without_table("engagement_notification"):
        answer = ask(api, query)
        assert (answer.status["code"], status(answer)["code"], warnings(answer)) == (200, "1000", expected)
        assert kinds(answer) == kinds(before)
    assert warnings(ask(api, query)) == []


def test_the_warnings_have_their_sentences(api: Api, asha: Customer) -> None:
    SourceProfileFactory(customer=asha, source="WECHAT")
    SourceProfileFactory(customer=asha, source="WEB_ENGAGE")
    assert status(ask(api))["message"] == RETRIEVED
    with without_table("engagement_notification"):
        sentences = "Unable to load WeChat notifications, Unable to load Web Engage notifications"
        assert status(ask(api))["message"] == f"{RETRIEVED}, {sentences}"


def test_only_customers_with_an_account_are_warned(api: Api, shops: Shops, asha: Customer) -> None:
    shops.customer("919812345679")
    SourceProfileFactory(customer=asha, source="WECHAT")
    who = f"mobile={MOBILE},919812345679"
    assert [item["item_status"]["warnings"]["warning"] for item in ask(api, who=who).customers] == [[], []]
    with without_table("engagement_notification"):
        assert [item["item_status"]["warnings"]["warning"] for item in ask(api, who=who).customers] == [["91018"], []]


def test_interactions_in_xml(api: Api, asha: Customer) -> None:
    InteractionFactory(customer=asha, subject="a < b")
    tree = api.call("GET", "interaction", f"mobile={MOBILE}&format=xml").xml
    assert tree.findtext("status/response_code") == "200"
    path = "customer/interactions/network/interaction/messages/message/subject"
    assert [element.text for element in tree.iterfind(path)] == ["a < b"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_warm_call_costs_two_statements(
    api: Api, asha: Customer, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    InteractionFactory.create_batch(count, customer=asha)
    SurveyFactory(customer=asha)
    query = "network=capillary&start_date=2020-01-01"
    ask(api, query)
    with django_assert_num_queries(READ_STATEMENTS):
        assert kinds(ask(api, query))["capillary", "sms"]["count"] == str(count)
