"""points/redeem over HTTP: requests and answers (docs/protocol.md, tills' part 4.3)."""

import json
import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.points.models import PointsAccount
from engagement.redemptions.models import Redemption
from organizations.credentials.tokens import issue_token
from organizations.locations.models import Till
from tests.api import Api
from tests.engagement.redemptions.tills import PointsTill
from tests.factories.bills import BillFactory
from tests.factories.chains import NOON, Chain, member
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import TillFactory

pytestmark = pytest.mark.django_db
KEYS = [
    "mobile", "email", "external_id", "user_id", "redemption_id", "points_redeemed", "redemption_purpose", "redeemed_value",
    "redeemed_local_value", "balance", "side_effects", "item_status",
]  # fmt: skip


def test_a_redemption(till: PointsTill, asha: PointsAccount) -> None:
    answer = till.redeem(30, redemption_purpose="a kettle", notes="blue", transaction_number="T-1")
    assert list(answer.response) == ["status", "responses"]
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    item = answer.item
    assert list(item) == KEYS
    assert re.fullmatch(r"[A-Za-z0-9]{6}", item.pop("redemption_id"))
    redemption = Redemption.objects.get()
    assert item.pop("side_effects") == {
        "effect": [
            {
                "id": redemption.pk, "case_value": "false", "num_points": 30, "currency_value": 7.5, "validation_code": "",
                "points_redemption_summary_id": str(redemption.pk), "redeemed_on_bill_number": "T-1",
                "redeemed_on_bill_id": -1, "type": "points",
            }
        ]
    }  # fmt: skip
    assert item == {
        "mobile": "919812345678", "email": None, "external_id": None, "user_id": str(asha.customer_id),
        "points_redeemed": "30", "redemption_purpose": "a kettle", "redeemed_value": 7.5, "redeemed_local_value": 7.5,
        "balance": 70,
        "item_status": {"success": "true", "code": 800, "message": "Points Redeemed", "warnings": {"warning": []}},
    }  # fmt: skip
    assert redemption.entry.note == "blue"


def test_whole_values_have_no_decimals(till: PointsTill) -> None:
    content = till.redeem("40.00").http.content
    for part in (b'"points_redeemed":"40"', b'"redeemed_value":10,', b'"balance":60,', b'"currency_value":10,'):
        assert part in content


def test_worth_is_rounded_half_up_to_the_currency(till: PointsTill, chain: Chain) -> None:
    chain.organization.currency = "JPY"
    chain.organization.save(update_fields=["currency"])
    assert till.ask(10).item["points_redeem_value"] == 3
    assert till.redeem(10).item["redeemed_value"] == 3


def test_a_refused_redemption(till: PointsTill, asha: PointsAccount) -> None:
    answer = till.redeem("65", redemption_purpose="a kettle")
    assert answer.http.status_code == 200
    assert answer.status == {"success": "false", "code": 500, "message": "All requests have failed due to errors"}
    assert answer.item == {
        "mobile": "919812345678", "email": None, "external_id": None, "user_id": str(asha.customer_id),
        "points_redeemed": "65", "redemption_purpose": "a kettle", "redeemed_value": 0, "redeemed_local_value": 0,
        "side_effects": {"effect": []},
        "item_status": {
            "success": "false", "code": 819, "message": "Points exceed the limit", "warnings": {"warning": []},
        },
    }  # fmt: skip
    assert till.balance() == 100


@pytest.mark.parametrize("customer", [None, {}, {"mobile": ""}, {"mobile": {"a": "1"}}, "x", [], {"mobile": "12ab"}])
def test_a_customer_who_is_not_named_is_802(till: PointsTill, customer: object) -> None:
    answer = till.write("redeem", {"root": {"redeem": {"points_redeemed": [1], "customer": customer}}})
    assert (answer.numeric_code, answer.item["user_id"]) == (802, None)


@pytest.mark.parametrize("customer", [{"mobile": "9812345670"}, {"email": "no@example.com"}, {"id": 999999999}])
def test_an_unknown_customer_is_816_and_is_not_registered(till: PointsTill, customer: dict[str, Any]) -> None:
    answer = till.write("redeem", {"root": {"redeem": {"points_redeemed": 10, "customer": customer}}})
    assert (answer.numeric_code, answer.item["user_id"]) == (816, None)
    assert answer.item["mobile"] == customer.get("mobile")
    assert Customer.objects.count() == 1


def test_the_customer_is_found_by_any_reference_that_is_known(till: PointsTill, asha: PointsAccount) -> None:
    for customer in (
        {"mobile": 9812345678}, {"user_id": asha.customer_id}, [{"email": "no@example.com", "mobile": "+91 98123 45678"}],
    ):  # fmt: skip
        body = {"redeem": {"points_redeemed": 10, "customer": customer}}
        assert till.write("redeem", body).numeric_code == 800


def test_more_than_one_item_is_1060_and_spends_nothing(till: PointsTill) -> None:
    item = {"points_redeemed": 10, "customer": till.whose}
    answer = till.write("redeem", {"root": {"redeem": [item, item]}})
    assert (answer.http.status_code, answer.status["code"], answer.status["success"]) == (400, 1060, "false")
    assert till.balance() == 100


def test_bodies_that_clients_send(till: PointsTill) -> None:
    xml = "<root><redeem><points_redeemed>40</points_redeemed><customer><mobile>9812345678</mobile></customer></redeem></root>"
    answer = till.write("redeem", xml, "format=xml", **{"Content-Type": "text/xml"}).xml
    assert [tag.tag for tag in answer.find("responses/points") or ()] == KEYS
    assert [answer.findtext(f"responses/points/{key}") for key in ("balance", "side_effects/effect/id")] == [
        "60", str(Redemption.objects.get().pk),
    ]  # fmt: skip
    single = "{'root':{'redeem':{'points_redeemed':'10','customer':{'mobile':'9812345678'}}}}"
    assert till.write("redeem", single).numeric_code == 800
    assert till.write("redeem", "nothing").status["code"] == 400


def test_a_bill_is_named_by_number_or_system_id(till: PointsTill, asha: PointsAccount, chain: Chain) -> None:
    bill = BillFactory(customer=asha.customer, number="B-1", billed_at=NOON, store=chain.blr.store, till=chain.blr.till)
    other = member(chain, mobile="919812345679")
    BillFactory(customer=other.customer, number="B-2", billed_at=NOON, store=chain.blr.store, till=chain.blr.till)
    for points, number in (("10", "B-1"), ("15", bill.pk)):
        (effect,) = till.redeem(points, transaction_number=number).item["side_effects"]["effect"]
        assert (effect["redeemed_on_bill_number"], effect["redeemed_on_bill_id"]) == (str(number), bill.pk)
    answer = till.redeem("20", transaction_number="B-2")
    assert (answer.warnings, answer.message) == (["873"], "Points Redeemed, Invalid transaction number")
    assert answer.item["side_effects"]["effect"][0]["redeemed_on_bill_id"] == -1


def test_custom_fields_are_stored_and_unusable_ones_dropped(till: PointsTill) -> None:
    rows = [{"name": "Colour", "value": "blue"}, {"name": "Size", "value": None}, {"name": [1], "value": "x"}, "x", {"a": 1}]
    for fields in ({"field": rows}, rows):
        assert till.redeem(10, custom_fields=fields).numeric_code == 800
    assert [row.custom_fields for row in Redemption.objects.all()] == [[{"name": "Colour", "value": "blue"}]] * 2


def test_a_till_in_the_body_of_a_till_does_not_count(till: PointsTill, chain: Chain) -> None:
    assert chain.delhi.till is not None
    answer = till.redeem(10, till_id=chain.delhi.till.code, group_redemption="true", discount="x", billing_time="x")
    assert answer.warnings == []
    assert Redemption.objects.get().entry.till == chain.blr.till


def test_a_client_names_the_till_of_an_item(till: PointsTill, chain: Chain) -> None:
    assert chain.delhi.till is not None
    token = f"Bearer {issue_token(ApiClientFactory(till=chain.blr.till))}"
    for name, warnings in ((chain.delhi.till.code, []), ("nowhere", ["91020"]), ("0", [])):
        body = {"redeem": {"points_redeemed": 10, "customer": till.whose, "till_id": name}}
        assert till.write("redeem", body, Authorization=token).warnings == warnings
    tills = [redemption.entry.till for redemption in Redemption.objects.order_by("pk")]
    assert tills == [chain.delhi.till, chain.blr.till, chain.blr.till]


def test_a_redemption_at_a_till_of_another_organization_finds_nobody(asha: PointsAccount) -> None:
    stranger: Till = TillFactory()
    answer = PointsTill(Api(stranger), asha).redeem(10)
    assert (answer.numeric_code, answer.item["user_id"], answer.item["mobile"]) == (816, None, None)


def test_an_unexpected_failure_is_500_and_spends_nothing(till: PointsTill, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise ValueError

    monkeypatch.setattr("engagement.redemptions.redeeming.insert_rows", fail)
    answer = till.redeem(10)
    assert (answer.http.status_code, answer.numeric_code, answer.status["code"]) == (200, 500, 500)
    assert till.balance() == 100


def test_nul_in_a_value_is_400_for_the_item(till: PointsTill) -> None:
    answer = till.write("redeem", json.dumps({"redeem": {"points_redeemed": "1\0", "customer": till.whose}}))
    assert (answer.http.status_code, answer.item["item_status"]["code"]) == (200, 400)


def test_a_redemption_takes_nine_statements(till: PointsTill, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    till.redeem(10)
    with django_assert_num_queries(9):
        till.redeem(10)
