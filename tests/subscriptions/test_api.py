"""customer/subscriptions (docs/protocol.md 4.14)."""

import json
from typing import Any

import pytest
import time_machine
from django.test import Client

from organizations.credentials.tokens import issue_token
from organizations.idempotency.models import KeptAnswer
from subscriptions.models import Consent, ConsentChange
from tests.api import Answer, Api
from tests.factories.consents import AT, ConsentChangeFactory, history, without_table
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import TillFactory
from tests.reads import READ_STATEMENTS

pytestmark = pytest.mark.django_db

NOT_SET = {"subscribed": "ALL", "unsubscribed": "", "user_preference": "NOT_SET"}
OPTED_IN = {"subscribed": "ALL", "unsubscribed": "", "user_preference": "SUBSCRIBED"}
OPTED_OUT = {"subscribed": "", "unsubscribed": "ALL", "user_preference": "UNSUBSCRIBED"}
PAIR = {"mobile": "9812345678", "channel": "sms", "priority": "bulk", "is_subscribed": "0"}


def post(api: Api, *items: object, **headers: str) -> Answer:
    return api.call("POST", "subscriptions", "", {"root": {"subscription": list(items)}}, **headers)


def get(api: Api, query: str) -> Answer:
    return api.call("GET", "subscriptions", query)


def items(answer: Answer) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = answer.response["subscriptions"]["subscription"]
    return content


def item(answer: Answer) -> dict[str, Any]:
    (only,) = items(answer)
    return only


def codes(answer: Answer) -> list[str]:
    return [item["item_status"]["code"] for item in items(answer)]


def channels(answer: Answer) -> dict[str, dict[str, dict[str, str]]]:
    """{channel: {priority: preference}} of the only customer."""
    return {
        channel["name"]: {
            priority["name"]: {k: v for k, v in priority.items() if k != "name"} for priority in channel["priority"]
        }
        for channel in item(answer)["channel"]
    }


# --- POST


def test_a_choice_is_stored_and_returned(api, asha):
    answer = post(api, {**PAIR, "campaign_id": "12", "outbox_id": 34})
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert item(answer) == {
        "user_id": str(asha.pk),
        "mobile": "9812345678",
        "channel": "SMS",
        "priority": "BULK",
        "scope": "ALL",
        "is_subscribed": "0",
        "item_status": {
            "success": "true",
            "code": "1000",
            "message": "Subscription successfully updated",
            "warnings": {"warning": []},
        },
    }
    assert history(asha) == [("SMS", "BULK", 1, None, False)]
    entry = ConsentChange.objects.get()
    assert (entry.actor, entry.source, entry.campaign_id, entry.outbox_id) == ("till:mgroad.till1", "API", 12, 34)
    assert entry.request_id == answer.http["X-Cap-Requestid"]


@pytest.mark.parametrize("key", ["mobile", "email", "external_id", "id"])
def test_every_identifier_finds_the_customer_and_is_echoed(api, asha, key):
    sent = {"mobile": "+91 98123-45678", "email": "ASHA@example.com", "external_id": "NW-1", "id": str(asha.pk)}[key]
    subscription = item(post(api, {**PAIR, "mobile": None, key: sent}))
    assert (subscription["user_id"], subscription[key], subscription["item_status"]["code"]) == (str(asha.pk), sent, "1000")
    assert Consent.objects.count() == 1


def test_the_same_choice_again_succeeds_and_is_not_logged_again(api, asha):
    assert codes(post(api, PAIR, PAIR)) == ["1000", "1000"]
    assert codes(post(api, {**PAIR, "is_subscribed": 1})) == ["1000"]
    assert history(asha) == [("SMS", "BULK", 1, None, False), ("SMS", "BULK", 2, False, True)]


def test_choices_are_read_from_xml(api, asha):
    body = (
        "<root><subscription><mobile>9812345678</mobile><channel>SMS</channel><priority>BULK</priority>"
        "<is_subscribed>1</is_subscribed></subscription></root>"
    )
    tree = api.call("POST", "subscriptions", "format=xml", body, Content_Type="application/xml").xml
    assert tree.findtext("status/message") == "SUCCESS"
    assert [element.tag for element in tree.find("subscriptions/subscription")] == [
        "user_id", "mobile", "channel", "priority", "scope", "is_subscribed", "item_status",
    ]  # fmt: skip
    assert Consent.objects.get().is_subscribed


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"channel": "PIGEON"}, "1101"),
        ({"priority": None}, "1102"),
        ({"scope": "STORE"}, "1103"),
        ({"scope": "ALL,STORE"}, "1105"),
        ({"is_subscribed": "yes"}, "1106"),
        ({"campaign_id": "summer"}, "1107"),
        ({"outbox_id": "x"}, "1108"),
        ({"mobile": "9812345670"}, "1104"),
        ({"mobile": "12ab"}, "1104"),
        ({"mobile": " "}, "1104"),
        ({"mobile": None, "id": "abc"}, "1104"),
        ({"mobile": None, "id": "999999999"}, "1104"),
        ({"mobile": "12ab", "channel": "PIGEON"}, "1101"),
    ],
)
def test_a_bad_item_fails_with_its_identifier(api, asha, changed, code):
    answer = post(api, {**PAIR, **changed})
    assert (answer.http.status_code, answer.status["code"]) == (200, 500)
    subscription = item(answer)
    assert subscription.pop("item_status")["code"] == code
    sent = {key: value for key, value in {**PAIR, **changed}.items() if key in {"mobile", "id"} and value and value.strip()}
    assert subscription == sent
    assert not Consent.objects.exists()


def test_items_are_worked_one_by_one_in_their_order(api, asha):
    answer = post(api, PAIR, "nonsense", {**PAIR, "priority": "URGENT"}, {**PAIR, "email": {"x": "y"}, "mobile": None})
    assert (answer.status["code"], answer.status["message"]) == (201, "Some requests have failed due to errors")
    assert codes(answer) == ["1000", "400", "1102", "400"]


def test_the_batch_has_a_limit_and_needs_an_item(api, asha, organization):
    organization.flags = {"BATCH_LIMIT": 1, "V1_MIRROR_HTTP_STATUS": 1}
    organization.save()
    assert post(api, PAIR, PAIR).status["code"] == 1060
    assert api.call("POST", "subscriptions", "", {"root": {"customer": [PAIR]}}).status["code"] == 400
    assert post(api, {**PAIR, "channel": ""}).http.status_code == 500


def test_unknown_attribution_is_warned_of(api, asha, till):
    token = issue_token(ApiClientFactory(till=till))
    headers = {"X-CAP-API-OAUTH-TOKEN": token, "X-CAP-API-ATTRIBUTION-ENTITY-CODE": "nobody.till"}
    body = json.dumps({"root": {"subscription": [PAIR]}})
    answer = Client().post("/v1.1/customer/subscriptions", body, content_type="application/json", headers=headers)
    subscription = item(Answer(answer))["item_status"]
    assert (subscription["code"], subscription["warnings"]["warning"]) == ("1000", ["91021"])
    assert ConsentChange.objects.get().actor.startswith("client:")


def test_customers_of_others_are_unknown(stranger_api, asha):
    assert codes(post(stranger_api, {**PAIR, "id": str(asha.pk), "mobile": None})) == ["1104"]
    assert codes(get(stranger_api, f"id={asha.pk}")) == ["1104"]


def test_a_preference_that_cannot_be_stored_is_1109(api, asha):
    with without_table("subscriptions_consent"):
        assert codes(post(api, PAIR)) == ["1109"]


def test_a_preference_that_cannot_be_changed_is_1110(api, asha, till):
    """The log holds the next revision already, as another change of the same moment would leave it."""
    post(api, PAIR)
    ConsentChangeFactory(customer=asha, revision=2, old=False, at=Consent.objects.get().decided_at, actor="till:other")
    assert codes(post(api, {**PAIR, "is_subscribed": "1"})) == ["1110"]
    assert not Consent.objects.get().is_subscribed


def test_a_key_keeps_a_choice_from_being_made_twice(api, asha):
    first = post(api, PAIR, {**PAIR, "channel": "PIGEON"}, Idempotency_Key="k1")
    post(api, {**PAIR, "is_subscribed": "1"})
    again = post(api, PAIR, {**PAIR, "channel": "PIGEON"}, Idempotency_Key="k1")
    assert (codes(again), again.http["Idempotent-Replayed"]) == (["1000", "1101"], "true")
    assert again.response == first.response
    assert "Idempotent-Replayed" not in first.http
    assert Consent.objects.get().is_subscribed
    assert set(KeptAnswer.objects.values_list("subject_id", flat=True)) == {asha.pk}


def test_a_choice_that_failed_technically_is_retried_with_its_key(api, asha):
    with without_table("subscriptions_consent"):
        assert codes(post(api, PAIR, Idempotency_Key="k1")) == ["1109"]
    assert codes(post(api, PAIR, Idempotency_Key="k1")) == ["1000"]


# --- GET


def test_a_customer_without_consents_has_every_listed_channel(api, asha):
    answer = get(api, "mobile=9812345678")
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    subscription = item(answer)
    assert list(subscription) == ["user_id", "mobile", "email", "external_id", "channel", "orgUnitSubscriptions", "item_status"]
    assert (subscription["user_id"], subscription["mobile"], subscription["email"], subscription["external_id"]) == (
        str(asha.pk), "919812345678", "asha@example.com", "NW-1",
    )  # fmt: skip
    assert subscription["orgUnitSubscriptions"] == []
    assert subscription["item_status"]["message"] == "Subscription successfully retrieved"
    assert list(channels(answer)) == ["SMS", "POSTMAIL", "EMAIL"]
    assert channels(answer)["SMS"] == {"TRANS": NOT_SET, "BULK": NOT_SET}


def test_identifiers_that_are_not_there_are_left_out(api):
    api.add(mobile="9812345679")
    assert not {"email", "external_id"} & set(item(get(api, "mobile=9812345679")))


def test_choices_are_printed_by_channel_and_priority(api, asha):
    post(api, PAIR, {**PAIR, "channel": "EMAIL", "priority": "TRANS", "is_subscribed": "1"})
    answers = channels(get(api, f"id={asha.pk}"))
    assert answers["SMS"] == {"TRANS": NOT_SET, "BULK": OPTED_OUT}
    assert answers["EMAIL"] == {"TRANS": OPTED_IN, "BULK": NOT_SET}


def test_devices_are_listed_for_those_who_have_one(api):
    api.add(mobile="9812345679", commChannels=[{"type": "IOS", "value": "device-1"}, {"type": "WHATSAPP", "value": "1"}])
    assert list(channels(get(api, "mobile=9812345679"))) == ["SMS", "POSTMAIL", "EMAIL", "IOS"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("channel=email", {"EMAIL": ["TRANS", "BULK"]}),
        ("channel=WHATSAPP&scope=all", {"WHATSAPP": ["TRANS", "BULK"]}),
        ("priority=bulk", {"SMS": ["BULK"], "POSTMAIL": ["BULK"], "EMAIL": ["BULK"]}),
        ("channel=SMS&priority=TRANS", {"SMS": ["TRANS"]}),
        ("limit=2&priority=TRANS", {"SMS": ["TRANS"], "POSTMAIL": ["TRANS"]}),
        ("limit=0&priority=TRANS&channel=&scope=", {"SMS": ["TRANS"], "POSTMAIL": ["TRANS"], "EMAIL": ["TRANS"]}),
    ],
)
def test_the_answer_is_narrowed(api, asha, filters, expected):
    answers = channels(get(api, f"mobile=9812345678&{filters}"))
    assert {channel: list(priorities) for channel, priorities in answers.items()} == expected


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ("channel=PIGEON", "1101"),
        ("priority=URGENT", "1102"),
        ("scope=STORE", "1103"),
        ("scope=ALL,STORE", "1105"),
        ("limit=few", "400"),
        ("limit=-1", "400"),
        ("channel=PIGEON&priority=URGENT", "1101"),
    ],
)
def test_a_bad_filter_fails_every_item(api, asha, filters, code):
    answer = get(api, f"mobile=9812345678,9812345679&{filters}")
    assert (answer.status["code"], codes(answer)) == (500, [code, code])
    assert [item["mobile"] for item in items(answer)] == ["9812345678", "9812345679"]


def test_everything_about_the_identifier_is_1104(api, asha):
    answer = get(api, "mobile=9812345678,12ab,,9812345670,+919812345678")
    assert codes(answer) == ["1000", "1104", "1104", "1104", "1000"]
    assert (answer.status["code"], items(answer)[1]["mobile"]) == (201, "12ab")
    assert codes(get(api, "id=abc")) == ["1104"]
    assert get(api, "").status["code"] == 400


def test_the_answer_repeats_channel_and_priority_in_xml(api, asha):
    subscription = get(api, "mobile=9812345678&format=xml").xml.find("subscriptions/subscription")
    assert [element.findtext("name") for element in subscription.findall("channel")] == ["SMS", "POSTMAIL", "EMAIL"]
    assert [element.findtext("name") for element in subscription.find("channel").findall("priority")] == ["TRANS", "BULK"]
    units = subscription.find("orgUnitSubscriptions")
    assert (len(units), units.text) == (0, None)


def test_member_care_access_stays_in_the_callers_store(api, asha, organization):
    other = Api(TillFactory(store__organization=organization, store__code="del.cp", code="cp.till1"))
    assert codes(get(api, "mobile=9812345678&member_care_access=true")) == ["1000"]
    answer = get(other, "mobile=9812345678&member_care_access=1")
    assert (codes(answer), item(answer)["mobile"]) == (["1044"], "9812345678")


def test_what_cannot_be_read_is_1109(api, asha):
    with without_table("subscriptions_consent"):
        answer = get(api, "mobile=9812345678,9812345670")
    assert (answer.status["code"], codes(answer)) == (500, ["1109", "1104"])


@time_machine.travel(AT, tick=False)  # the first call of a minute costs a query more
@pytest.mark.parametrize("count", [1, 3])
def test_a_read_takes_the_same_statements_for_one_or_three(api, count, django_assert_num_queries):
    mobiles = [str(9812345600 + number) for number in range(count)]
    api.add(*({"mobile": mobile} for mobile in mobiles))
    get(api, "mobile=9812345678")
    with django_assert_num_queries(READ_STATEMENTS):
        assert codes(get(api, "mobile=" + ",".join(mobiles))) == ["1000"] * count
