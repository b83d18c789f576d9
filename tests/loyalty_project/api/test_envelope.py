from typing import Any

import pytest

from loyalty_project.api.envelope import customer_answer, customers_answer, http_status, refusal, request_items, sale_answer
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.outcomes import Done, Outcome, failed, succeeded

ONE = {"mobile": "919812345678"}
OTHER = {"email": "asha@example.com"}


def ok(name: str = "a") -> Outcome:
    return succeeded(Done(body={"name": name}, message="Customer registration successful"))


def bad() -> Outcome:
    return failed(Code.INVALID_MOBILE, {"mobile": "12ab"})


@pytest.mark.parametrize(
    "body",
    [
        {"root": {"customer": [ONE]}},
        {"root": {"customer": ONE}},
        {"root": {"root": {"customer": ONE}}},
        {"customer": [ONE]},
        {"customer": ONE},
        {"root": [ONE]},
        [ONE],
        {"root": {"customer": ONE, "noise": "x"}, "more": "y"},
    ],
)
def test_items_are_found_however_they_are_wrapped(body: Any) -> None:
    assert request_items(body, limit=100) == [ONE]


def test_items_keep_their_order() -> None:
    assert request_items({"root": {"customer": [ONE, OTHER, ONE]}}, limit=3) == [ONE, OTHER, ONE]


def test_other_endpoints_name_their_items() -> None:
    assert request_items({"root": {"subscription": [ONE]}}, key="subscription", limit=1) == [ONE]


def test_an_item_that_is_no_object_stays_for_the_batch_to_refuse() -> None:
    assert request_items({"root": {"customer": ["", ONE]}}, limit=2) == ["", ONE]


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        "text",
        {},
        [],
        {"root": None},
        {"root": ""},
        {"root": {}},
        {"root": {"customer": []}},
        {"root": {"customer": "x"}},
        {"root": {"customer": None}},
        {"root": {"customer": ["x", None]}},
        {"mobile": "91"},
        {"root": {"root": {"root": {"customer": ONE}}}},
    ],
)
def test_a_body_without_usable_items_is_400(body: Any) -> None:
    with pytest.raises(RequestRefusedError) as caught:
        request_items(body, limit=100)
    assert (caught.value.http_status, caught.value.body_code) == (400, 400)


def test_more_items_than_the_limit_are_1060() -> None:
    request_items([ONE] * 100, limit=100)
    with pytest.raises(RequestRefusedError) as caught:
        request_items([ONE] * 101, limit=100)
    assert (caught.value.http_status, caught.value.body_code) == (400, 1060)


def test_all_done() -> None:
    assert customers_answer([ok("a"), ok("b")], totals=True) == {
        "response": {
            "status": {"success": "true", "code": 200, "message": "Success", "total": "2", "success_count": "2"},
            "customers": {"customer": [ok("a").body, ok("b").body]},
        }
    }


def test_some_failed() -> None:
    answer = customers_answer([bad(), ok()], totals=True, message="SUCCESS")
    assert answer["response"]["status"] == {
        "success": "true", "code": 201, "message": "Some requests have failed due to errors", "total": "2",
        "success_count": "1",
    }  # fmt: skip
    assert [item["item_status"]["code"] for item in answer["response"]["customers"]["customer"]] == ["1001", "1000"]


def test_all_failed() -> None:
    assert customers_answer([bad()], totals=True)["response"]["status"] == {
        "success": "false", "code": 500, "message": "All requests have failed due to errors", "total": "1",
        "success_count": "0",
    }  # fmt: skip


def test_totals_only_where_they_belong_and_the_literal_of_the_endpoint() -> None:
    answer = customers_answer([ok()], totals=False, message="SUCCESS", container="subscriptions", key="subscription")
    assert answer["response"]["status"] == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert answer["response"]["subscriptions"] == {"subscription": [ok().body]}


def test_the_code_of_a_status_is_a_plain_number() -> None:
    for outcomes in ([ok()], [ok(), bad()], [bad()]):
        assert type(customers_answer(outcomes, totals=False)["response"]["status"]["code"]) is int


@pytest.mark.parametrize(("outcomes", "mirror", "status"), [([bad()], False, 200), ([bad()], True, 500), ([ok()], True, 200)])
def test_all_failed_is_http_500_only_by_policy(outcomes: list[Outcome], mirror: bool, status: int) -> None:  # noqa: FBT001 - a parameter of the test
    assert http_status(customers_answer(outcomes, totals=True), mirror=mirror) == status


def test_a_refusal_is_a_status_alone() -> None:
    assert refusal(RequestRefusedError(404, Transport.NOT_FOUND)) == {
        "response": {"status": {"success": "false", "code": 404, "message": "Incorrect resource"}}
    }


def test_a_400_carries_an_empty_list_of_warnings() -> None:
    assert refusal(RequestRefusedError(413, Code.INVALID_INPUT))["response"]["status"] == {
        "success": "false",
        "code": 400,
        "message": "Input is invalid, Please check request parameters or input xml/json",
        "warnings": {"warning": []},
    }


def test_a_read_answers_an_object_for_one_and_a_list_for_several() -> None:
    single = customer_answer([ok()])["response"]
    assert (single["status"], single["customer"]["name"]) == ({"success": "true", "code": 200, "message": "Success"}, "a")
    two = customer_answer([ok(), bad()])["response"]
    assert two["status"]["code"] == Transport.PARTIAL
    assert [body.get("mobile") for body in two["customer"]] == [None, "12ab"]


def test_codes_of_items_about_sales_are_numbers() -> None:
    answer = sale_answer([ok(), bad()], container="transactions", key="transaction", as_list=True)["response"]
    assert [item["item_status"]["code"] for item in answer["transactions"]["transaction"]] == [1000, 1001]
    assert answer["status"] == {"success": "true", "code": 201, "message": Transport.PARTIAL.sentence}


def test_a_single_item_about_a_sale_is_an_object_unless_a_list_is_due() -> None:
    assert sale_answer([ok()], container="coupons", key="coupon")["response"]["coupons"]["coupon"]["name"] == "a"
    assert [item["name"] for item in sale_answer([ok()], key="coupon", as_list=True)["response"]["coupon"]] == ["a"]
    assert [item["name"] for item in sale_answer([ok("a"), ok("b")], key="coupon")["response"]["coupon"]] == ["a", "b"]


def test_an_entity_has_its_own_code_for_too_many_items() -> None:
    with pytest.raises(RequestRefusedError) as refused:
        request_items({"transaction": [ONE, ONE]}, limit=1, key="transaction", too_many=Code.INVALID_INPUT)
    assert (refused.value.http_status, refused.value.body_code) == (400, 400)
