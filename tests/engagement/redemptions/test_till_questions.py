"""points/isredeemable and points/validationcode over HTTP (docs/protocol.md, tills' part 4.1, 4.2)."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from engagement.redemptions.models import Redemption
from tests.engagement.redemptions.asking import issue, set_flags
from tests.engagement.redemptions.tills import PointsTill
from tests.factories.chains import Chain, member
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
KEYS = [
    "mobile", "email", "external_id", "points", "is_redeemable", "points_redeem_value", "points_redeem_local_value",
    "input_type", "points_currency_ratio", "item_status",
]  # fmt: skip
ALL_FAILED = {"success": "false", "code": 500, "message": "All requests have failed due to errors"}


def test_redeemable_points_with_their_worth(till: PointsTill) -> None:
    answer = till.ask(30)
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert list(answer.item) == KEYS
    assert answer.item == {
        "mobile": "919812345678", "email": None, "external_id": None, "points": 30, "is_redeemable": "true",
        "points_redeem_value": 7.5, "points_redeem_local_value": 7.5, "input_type": "points", "points_currency_ratio": "0.25",
        "item_status": {"success": "true", "code": 800, "message": "Points can be redeemed", "warnings": {"warning": []}},
    }  # fmt: skip
    assert b'"points_redeem_value":10,' in till.ask(40).http.content
    assert not Redemption.objects.exists()


def test_points_that_cannot_be_redeemed_have_the_same_keys(till: PointsTill) -> None:
    answer = till.ask(55, "program_id=0")
    assert (answer.http.status_code, answer.status["code"], answer.numeric_code) == (200, 200, 800)
    answer = till.ask(65)
    assert (answer.http.status_code, answer.status, answer.numeric_code) == (200, ALL_FAILED, 819)
    assert list(answer.item) == KEYS
    assert {key: answer.item[key] for key in KEYS[:-1]} == {
        "mobile": "919812345678", "email": None, "external_id": None, "points": 65, "is_redeemable": "false",
        "points_redeem_value": 0, "points_redeem_local_value": 0, "input_type": "points", "points_currency_ratio": "0",
    }  # fmt: skip


def test_an_unknown_customer_is_echoed_as_sent(till: PointsTill) -> None:
    item = till.read("isredeemable", "mobile=9812345670&points=abc").item
    assert (item["mobile"], item["email"], item["points"], item["item_status"]["code"]) == ("9812345670", None, 0, 816)
    item = till.read("validationcode", "email=x@example.com&points=5").item
    assert (item["mobile"], item["email"], item["user_id"], item["points"]) == (None, "x@example.com", None, 5)


@pytest.mark.parametrize(
    "query", ["", "points=5", "mobile=&points=5", "mobile=9812345678", "mobile=9812345678&points=", "user_id=true&points=5"]
)
@pytest.mark.parametrize("action", ["isredeemable", "validationcode"])
def test_without_a_customer_or_points_the_call_is_400(till: PointsTill, action: str, query: str) -> None:
    answer = till.read(action, query)
    assert (answer.http.status_code, answer.status["code"]) == (400, 400)


def test_the_first_reference_in_the_order_of_reads_counts(till: PointsTill, chain: Chain) -> None:
    other = member(chain, mobile="919812345679")
    item = till.read("isredeemable", f"points=10&email=no@example.com&mobile=9812345678&user_id={other.customer_id}").item
    assert (item["mobile"], item["item_status"]["code"]) == ("919812345679", 800)


def test_money_is_rounded_up_to_points(till: PointsTill) -> None:
    for amount in ("points=7.30", "points=1&currency_value=7.30", "currency_value=7.30"):
        item = till.read("isredeemable", f"{amount}&currency_input=true&mobile=9812345678").item
        assert [item[key] for key in ("points", "input_type", "points_redeem_value")] == [30, "currency", 7.5]
    item = till.read("isredeemable", "points=7.30&currency_value=9&mobile=9812345678&currency_input=false").item
    assert (item["input_type"], item["points"], item["item_status"]["code"]) == ("points", 7.3, 878)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("validation_type=missed_call", 823), ("validation_type=INVALID", 800), ("validation_type=sms&skip_validation=1", 800),
        ("user_group2_id=7", 828), ("user_group2_primary_user_id=7", 828), ("use_default_user_group2=true", 828),
        ("user_group2_id=", 800), ("use_default_user_group2=false", 800), ("group_redemption=true", 800),
        ("program_id=", 800), ("program_id=0", 800), ("program_id=999999", 1101), ("validation_code=QQQQQQ", 808),
        ("&<query&%", 800),
    ],
)  # fmt: skip
def test_parameters_that_are_not_offered_or_ignored(till: PointsTill, query: str, code: int) -> None:
    assert till.ask(30, query).numeric_code == code


def test_a_program_is_named_by_its_external_id_before_our_own(till: PointsTill, chain: Chain) -> None:
    chain.club.external_id = chain.south.pk
    chain.club.save(update_fields=["external_id"])
    assert till.ask(30, f"program_id={chain.south.pk}").numeric_code == 800
    assert till.ask(30, f"program_id={chain.club.pk}").numeric_code == 800
    Program.objects.filter(pk=chain.club.pk).update(external_id=None)
    assert till.ask(30, f"program_id={chain.south.pk}").numeric_code == 881


def test_a_merged_customer_is_the_survivor_with_a_warning(till: PointsTill, chain: Chain, asha: PointsAccount) -> None:
    twin = member(chain, 0, mobile="919812345679")
    merge_customers(survivor=asha.customer_id, victim=twin.customer_id, by=chain.blr)
    item = till.read("isredeemable", f"points=30&id={twin.customer_id}").item
    assert (item["mobile"], item["item_status"]["warnings"]) == ("919812345678", {"warning": ["91009"]})


def test_a_wrong_code_counts_in_a_question(till: PointsTill, asha: PointsAccount) -> None:
    code = issue(asha)
    assert till.ask(30, f"validation_code={code.lower()}").numeric_code == 800
    assert [till.ask(30, "validation_code=WRONG1").numeric_code for _ in range(5)] == [808] * 5
    assert till.ask(30, f"validation_code={code}").numeric_code == 808
    assert ValidationCode.objects.get().tries == 5


def test_a_code_is_issued_with_the_question(till: PointsTill, chain: Chain) -> None:
    assert till.ask(30, "issue_otp=true").warnings == []
    assert ValidationCode.objects.get().points == 30
    set_flags(chain, OTP_CHANNEL="EMAIL")
    answer = till.ask(30, "issue_otp=true")
    assert (answer.numeric_code, answer.warnings, answer.item["is_redeemable"]) == (800, ["876"], "true")
    assert answer.message == "Points can be redeemed, Validation code not issued"


def test_no_code_is_issued_for_points_that_cannot_be_redeemed(till: PointsTill) -> None:
    assert till.ask(65, "issue_otp=true").numeric_code == 819
    assert not ValidationCode.objects.exists()


def test_a_validation_code_is_sent_and_not_shown(till: PointsTill, asha: PointsAccount) -> None:
    answer = till.send_code("12.50")
    assert answer.status == {"success": "true", "code": 200, "message": "Operation Successful"}
    assert list(answer.response) == ["status", "validation_code"]
    assert answer.item == {
        "mobile": "919812345678", "email": None, "external_id": None, "user_id": str(asha.customer_id), "points": 12.5,
        "item_status": {
            "success": "true", "code": 200, "message": "Validation Code Issued by SMS", "warnings": {"warning": []},
        },
    }  # fmt: skip


def test_questions_in_xml(till: PointsTill) -> None:
    xml = till.read("isredeemable.xml", "mobile=9812345678&points=40").xml
    assert [xml.findtext(f"points/redeemable/{key}") for key in ("points", "points_redeem_value", "item_status/code")] == [
        "40", "10", "800",
    ]  # fmt: skip
    xml = till.read("validationcode.xml", "mobile=9812345678&points=40").xml
    assert xml.findtext("validation_code/code/item_status/message") == "Validation Code Issued by SMS"
    assert xml.find("validation_code/code/email") is not None


@pytest.mark.parametrize(
    ("changes", "code"), [({"type": "NON_LOYALTY"}, 881), ({"fraud_status": "CONFIRMED"}, 809)], ids=["type", "fraud"]
)
def test_a_customer_who_may_not_redeem(till: PointsTill, asha: PointsAccount, changes: dict[str, Any], code: int) -> None:
    Customer.objects.filter(pk=asha.customer_id).update(**changes)
    assert [answer.numeric_code for answer in (till.ask(), till.send_code(), till.redeem())] == [code] * 3


def test_a_question_takes_eight_statements(till: PointsTill, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    till.ask(30)
    with django_assert_num_queries(8):
        till.ask(30)


def test_a_code_takes_16_statements_new_or_again(till: PointsTill, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    till.ask(30)
    with django_assert_num_queries(16):
        till.send_code()
    with django_assert_num_queries(13):
        till.send_code()
