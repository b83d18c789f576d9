"""points/reverse over HTTP, also as /v2/points/reverse (docs/protocol.md, tills' part 4.4)."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount
from engagement.redemptions.models import Redemption
from tests.engagement.redemptions.asking import set_flags
from tests.engagement.redemptions.tills import PointsTill, other_till_of
from tests.factories.chains import Chain, member
from tests.factories.points import give_points

pytestmark = pytest.mark.django_db


def spent(till: PointsTill, points: str = "30", **more: object) -> str:
    code: str = till.redeem(points, **more).item["redemption_id"]
    return code


def test_a_reversal(till: PointsTill, asha: PointsAccount) -> None:
    code = spent(till)
    answer = till.reverse(code, points=12, notes="Came back")
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    reversal = Redemption.objects.get().reversals.get()
    assert list(answer.response) == ["status", "responses"]
    assert list(answer.item.items()) == [
        ("mobile", "919812345678"), ("email", None), ("external_id", None), ("user_id", str(asha.customer_id)),
        ("redemption_id", code), ("reversal_id", str(reversal.pk)), ("points_reversed", "12"), ("balance", 82),
        ("item_status", {"success": "true", "code": 800, "message": "Points Reversed", "warnings": {"warning": []}}),
    ]  # fmt: skip
    assert reversal.entry.note == "Came back"


def test_a_refused_reversal(till: PointsTill, asha: PointsAccount) -> None:
    answer = till.reverse("zzzz00", points="10")
    assert answer.item == {
        "mobile": "919812345678", "email": None, "external_id": None, "user_id": str(asha.customer_id),
        "redemption_id": "zzzz00", "reversal_id": None, "points_reversed": "0", "balance": None,
        "item_status": {
            "success": "false", "code": 902, "message": "Redemption not found", "warnings": {"warning": []},
        },
    }  # fmt: skip


def test_a_reversal_without_a_customer_shows_the_owner(till: PointsTill, asha: PointsAccount) -> None:
    code = spent(till)
    for redemption_id in (code, Redemption.objects.get().pk):
        answer = till.write("reverse", {"root": {"reverse": {"redemption_id": redemption_id, "points": 10}}})
        assert (answer.item["user_id"], answer.item["redemption_id"]) == (str(asha.customer_id), code)


def test_a_reversal_by_the_bill_in_xml_at_any_till(till: PointsTill, chain: Chain, asha: PointsAccount) -> None:
    spent(till, transaction_number="T-1")
    customer = "<customer><mobile>9812345678</mobile></customer>"
    body = f"<root><reverse><transaction_number>T-1</transaction_number>{customer}</reverse></root>"
    answer = other_till_of(chain, asha).write("reverse.xml", body, **{"Content-Type": "text/xml"})
    assert answer.xml.findtext("responses/points/points_reversed") == "30"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({}, 901),
        ({"transaction_number": "T-9"}, 814),
        ({"redemption_id": "zzzz00"}, 902),
        ({"redemption_id": "CODE", "points": "31"}, 810),
        ({"redemption_id": "CODE", "points": "ten"}, 801),
        ({"redemption_id": "CODE", "points": [1, 2]}, 801),
        ({"redemption_id": "CODE", "points": "1.0001"}, 878),
        ({"redemption_id": "CODE", "notes": "n" * 251}, 801),
        ({"redemption_id": "CODE", "customer": {"mobile": "12ab"}}, 802),
        ({"redemption_id": "CODE", "customer": {"mobile": "9812345670"}}, 816),
        ({"transaction_number": "T-1", "customer": {}}, 802),
        ({"redemption_id": "CODE", "customer": {"mobile": "9812345679"}}, 904),
    ],
)
def test_reversals_that_are_refused(till: PointsTill, chain: Chain, item: dict[str, Any], code: int) -> None:
    member(chain, mobile="919812345679")
    known = spent(till, transaction_number="T-1")
    sent = {**item, **({"redemption_id": known} if item.get("redemption_id") == "CODE" else {})}
    assert till.reverse(**sent).numeric_code == code
    assert till.balance() == 70


def test_several_redemptions_on_the_bill_are_901(till: PointsTill) -> None:
    spent(till, "10", transaction_number="T-1")
    spent(till, "15", transaction_number="T-1")
    assert till.reverse(transaction_number="T-1").numeric_code == 901


def test_an_organization_without_reversals_is_905(till: PointsTill, chain: Chain) -> None:
    code = spent(till)
    set_flags(chain, CONF_ALLOW_POINTS_REDEMPTION_REVERSAL=0)
    assert till.reverse(code).numeric_code == 905
    assert till.reverse_plainly({"redemptionId": code}).http.status_code == 400


def test_fraud_does_not_stop_a_reversal(till: PointsTill, asha: PointsAccount) -> None:
    code = spent(till)
    Customer.objects.filter(pk=asha.customer_id).update(fraud_status="CONFIRMED")
    assert till.reverse(code).numeric_code == 800


def test_a_reversal_takes_14_statements(till: PointsTill, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    code = spent(till)
    till.reverse(code, points=5)
    with django_assert_num_queries(14):
        till.reverse(code, points=5)


# --- /v2/points/reverse


def plain(till: PointsTill, body: object) -> tuple[int, dict[str, Any]]:
    answer = till.reverse_plainly(body)
    return answer.http.status_code, json.loads(answer.http.content)


def test_a_plain_reversal(till: PointsTill, chain: Chain, asha: PointsAccount, moment: time_machine.Traveller) -> None:
    give_points(asha, 20, expiry=Expiry(date(2026, 5, 31)))
    code = spent(till)
    moment.move_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    identifier = {"type": "mobile", "value": "9812345678"}
    status, answer = plain(till, {"redemptionId": code, "pointsToBeReversed": 25, "identifier": identifier})
    reversal = Redemption.objects.get().reversals.get()
    assert status == 200
    assert answer == {
        "orgId": chain.organization.pk, "identifier": identifier, "customerId": asha.customer_id, "redemptionId": code,
        "reversalId": reversal.pk, "pointsToBeReversed": 25, "pointsReversed": 25,
        "pointsReversedDetails": {"available": 10, "expired": 15}, "warnings": [], "errors": [],
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["mobile", "ID", "externalId", "email"])
def test_a_plain_reversal_by_any_identifier(till: PointsTill, chain: Chain, asha: PointsAccount, kind: str) -> None:
    values = {"mobile": "919812345678", "ID": asha.customer_id, "externalId": "E-1", "email": "asha@example.com"}
    for stored, value in (("external_id", "E-1"), ("email", "asha@example.com")):
        asha.customer.identifiers.create(organization=chain.organization, kind=stored, value=value)
    status, answer = plain(till, {"redemptionId": spent(till), "identifier": {"type": kind, "value": values[kind]}})
    assert (status, answer["pointsReversed"], answer["errors"]) == (200, 30, [])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"redemptionId": "zzzz00"}, 902),
        ({}, 901),
        ({"redemptionId": "zzzz00", "identifier": {"type": "wechat", "value": "x"}}, 802),
        ({"redemptionId": "zzzz00", "identifier": {"type": "mobile", "value": "9812345670"}}, 816),
        ({"redemptionId": "zzzz00", "pointsToBeReversed": "x"}, 801),
        ({"redemptionId": ["a", "b"]}, 400),
        ([], 400),
        ("nothing", 400),
    ],
)
def test_a_plain_refusal_is_http_400_with_errors(till: PointsTill, body: object, code: int) -> None:
    status, answer = plain(till, body)
    ((error),) = answer["errors"]
    assert (status, error["code"], set(error)) == (400, code, {"code", "message"})
    assert answer["warnings"] == []


def test_a_plain_body_may_have_single_quotes(till: PointsTill) -> None:
    status, answer = plain(till, f"{{'redemptionId': '{spent(till)}', 'pointsToBeReversed': 10}}")
    assert (status, answer["pointsReversed"], answer["errors"]) == (200, 10, [])


def test_a_plain_call_is_authenticated_throttled_and_json_only(till: PointsTill, chain: Chain) -> None:
    client = Client()
    answer = client.post("/v2/points/reverse", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, 401)
    assert "Basic" in answer.headers["WWW-Authenticate"]
    assert till.api.request("GET", "/v2/points/reverse").http.status_code == 405
    slash = till.api.request("POST", "/v2/points/reverse/?format=xml", {"redemptionId": "zzzz00"}, Accept="text/xml")
    assert slash.http.headers["Content-Type"] == "application/json; charset=utf-8"
    set_flags(chain, RATE_LIMIT_PER_MINUTE=1)
    limited = [till.reverse_plainly({"redemptionId": "zzzz00"}).http for _ in range(2)][-1]
    assert (limited.status_code, json.loads(limited.content)["errors"][0]["code"]) == (429, 429)
