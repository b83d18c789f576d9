"""customer/recommendations (docs/protocol.md 4.15)."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.models import Bill
from tests.api import Answer, Api
from tests.engagement.shops import Shops
from tests.factories.bills import at
from tests.factories.customers import LONG_AGO, CustomerFactory, IdentifierFactory
from tests.factories.recommendations import RecommendationFactory, basket, pair
from tests.reads import SURE_READ_STATEMENTS

pytestmark = pytest.mark.django_db
ASHA = "mobile=919812345678"


def ask(api: Api, query: str = "", who: str = ASHA) -> Answer:
    return api.call("GET", "recommendations", f"{who}&{query}")


def rows(answer: Answer) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = answer.customer["recommendations"]["recommendation"]
    return content


def items(answer: Answer) -> list[str]:
    return [row["item_sku"] for row in rows(answer)]


def code(answer: Answer) -> str:
    text: str = answer.customer["item_status"]["code"]
    return text


@pytest.fixture
def asha(shops: Shops) -> Customer:
    return shops.customer(firstname="Asha", lastname="Rao")


def advise(customer: Customer, item_sku: str, score: str | None = None, **more: Any) -> None:
    RecommendationFactory(customer=customer, item_sku=item_sku, score=score and Decimal(score), **more)


# --- the answer


def test_the_customer_is_around_the_products(api: Api, asha: Customer) -> None:
    advise(asha, "RAFT", "0.9100", description="Packraft", price=Decimal("899.50"), img_url="https://img.example.com/r.png")
    answer = ask(api)
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert answer.customer == {
        "mobile": "919812345678", "email": None, "external_id": None, "firstname": "Asha", "lastname": "Rao", "count": 1,
        "recommendations": {
            "recommendation": [
                {
                    "item_sku": "RAFT", "description": "Packraft", "price": "899.5", "img_url": "https://img.example.com/r.png",
                    "score": "0.91",
                }
            ]
        },
        "item_status": {
            "success": "true", "code": "1061", "message": "Customer recommendations fetched successfully",
            "warnings": {"warning": []},
        },
    }  # fmt: skip


def test_what_an_import_did_not_supply_is_null_or_blank(api: Api, asha: Customer) -> None:
    advise(asha, "RAFT")
    assert rows(ask(api)) == [{"item_sku": "RAFT", "description": "", "price": None, "img_url": "", "score": None}]


def test_the_id_comes_on_request_before_the_count(api: Api, asha: Customer) -> None:
    advise(asha, "RAFT")
    assert "user_id" not in ask(api).customer
    customer = ask(api, "user_id=true").customer
    assert customer["user_id"] == str(asha.pk)
    assert list(customer)[4:7] == ["lastname", "user_id", "count"]


def test_without_products_the_customer_comes_with_1051(api: Api, asha: Customer) -> None:
    answer = ask(api)
    assert answer.status["code"] == 500
    assert (answer.customer["count"], rows(answer), answer.customer["firstname"]) == (0, [], "Asha")
    assert (code(answer), answer.customer["item_status"]["message"]) == (
        "1051", "No transactions or recommendations found for the customer.",
    )  # fmt: skip


def test_several_customers_are_a_list_in_the_order_asked(api: Api, shops: Shops, asha: Customer) -> None:
    advise(asha, "RAFT")
    shops.customer("919812345679")
    answer = ask(api, who="mobile=919812345679,919812345678,12ab")
    assert [customer["item_status"]["code"] for customer in answer.customers] == ["1051", "1061", "1042"]
    assert answer.status["code"] == 201


def test_xml_has_the_same_content(api: Api, asha: Customer) -> None:
    advise(asha, "RAFT", price=Decimal(5))
    answer = api.call("GET", "recommendations.xml", ASHA)
    (row,) = answer.xml.findall("customer/recommendations/recommendation")
    assert [(part.tag, part.text) for part in row] == [
        ("item_sku", "RAFT"), ("description", None), ("price", "5"), ("img_url", None), ("score", None),
    ]  # fmt: skip


# --- which products


def test_imported_ones_are_first_the_highest_score_before_others(api: Api, shops: Shops, asha: Customer) -> None:
    basket(shops.blr, "TENT", customer=asha)
    pair(shops.blr, "TENT", "BAG", "90")
    for item_sku, score in (("NONE", None), ("LOW", "-1.5"), ("HIGH", "7"), ("SAME", "7")):
        advise(asha, item_sku, score)
    assert items(ask(api)) == ["HIGH", "SAME", "LOW", "NONE", "BAG"]


def test_a_pair_explains_itself(api: Api, shops: Shops, asha: Customer) -> None:
    basket(shops.blr, "TENT", customer=asha)
    pair(shops.blr, "TENT", "BAG", "11.915")
    assert rows(ask(api)) == [
        {
            "item_sku": "BAG", "description": "Sleeping bag; bought together with Tent for two", "price": "64.9",
            "img_url": "", "score": "11.915",
        }
    ]  # fmt: skip


def test_an_item_without_description_is_named_by_its_code(api: Api, shops: Shops, asha: Customer) -> None:
    basket(shops.blr, "X-1", customer=asha)
    pair(shops.blr, "X-1", "X-2")
    assert rows(ask(api))[0]["description"] == "bought together with X-1"


def test_what_the_customer_has_is_not_recommended(api: Api, shops: Shops, asha: Customer) -> None:
    basket(shops.blr, "TENT", "BAG", customer=asha)
    basket(shops.blr, "STOVE", customer=shops.customer("919812345679"))
    for other in ("BAG", "STOVE"):
        pair(shops.blr, "TENT", other)
    assert items(ask(api)) == ["STOVE"]


def test_what_was_brought_back_is_neither_reason_nor_product(api: Api, shops: Shops, asha: Customer) -> None:
    basket(shops.blr, "TENT", customer=asha, is_returned=True)
    line = basket(shops.blr, "MUG", "SOCK", customer=asha).lines.get(item_code="MUG")
    line.returned_quantity = line.quantity
    line.save()
    basket(shops.blr, "KETTLE", customer=asha, type=Bill.Type.RETURN)
    pair(shops.blr, "TENT", "BAG")
    pair(shops.blr, "MUG", "BAG")
    pair(shops.blr, "KETTLE", "BAG")
    assert code(ask(api)) == "1051"
    pair(shops.blr, "SOCK", "TENT")
    pair(shops.blr, "SOCK", "STOVE")
    assert items(ask(api)) == ["STOVE"]


def test_a_product_comes_once_for_its_strongest_reason(api: Api, shops: Shops, asha: Customer) -> None:
    basket(shops.blr, "TENT", "MUG", customer=asha)
    pair(shops.blr, "TENT", "BAG", "3")
    pair(shops.blr, "MUG", "BAG", "5")
    pair(shops.blr, "MUG", "STOVE", "4")
    advise(asha, "STOVE", "0.1", description="Stove of the campaign")
    assert [(row["item_sku"], row["description"]) for row in rows(ask(api))] == [
        ("STOVE", "Stove of the campaign"),
        ("BAG", "Sleeping bag; bought together with Enamel mug"),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["A", "B", "R", "P", "Q"]),
        ("limit=0&product_limit=", ["A", "B", "R", "P", "Q"]),
        ("limit=1", ["A"]),
        ("limit=3", ["A", "B", "R"]),
        ("product_limit=1", ["A", "B", "R", "P"]),
        ("limit=2&product_limit=1", ["A", "B"]),
    ],
)
def test_limits(api: Api, shops: Shops, asha: Customer, query: str, expected: list[str]) -> None:
    advise(asha, "A", "2")
    advise(asha, "B", "1")
    basket(shops.blr, "TENT", "MUG", customer=asha)
    for item, other, lift in (("TENT", "P", "7"), ("TENT", "Q", "6"), ("MUG", "R", "8")):
        pair(shops.blr, item, other, lift)
    assert items(ask(api, query)) == expected


def test_ten_products_are_the_default(api: Api, asha: Customer) -> None:
    for number in range(12):
        advise(asha, f"SKU{number:02}", str(20 - number))
    answer = ask(api)
    assert items(answer) == [f"SKU{number:02}" for number in range(10)]
    assert answer.customer["count"] == 10


def test_rows_of_other_organizations_are_not_read(bazaar_api: Api, api: Api, shops: Shops, asha: Customer) -> None:
    basket(shops.blr, "TENT", customer=asha)
    pair(bazaar_api.till, "TENT", "BAG")
    assert code(ask(api)) == "1051"
    assert code(ask(bazaar_api)) == "1012"


@pytest.mark.parametrize("others", [0, 2])
def test_a_read_is_one_statement_for_any_number(
    api: Api, shops: Shops, asha: Customer, others: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pair(shops.blr, "TENT", "BAG")
    for number in range(others):
        basket(shops.blr, "TENT", customer=shops.customer(f"91981234570{number}"))
    who = ",".join(["919812345678", *(f"91981234570{number}" for number in range(others))])
    ask(api, who=f"mobile={who}")
    with django_assert_num_queries(SURE_READ_STATEMENTS):
        ask(api, who=f"mobile={who}")


# --- refusals


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "product_limit=1.5"])
def test_unreadable_limits_are_400(api: Api, asha: Customer, query: str) -> None:
    assert code(ask(api, query)) == "400"


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("mobile=919800000000", "1012"),
        ("id=999999999", "1011"),
        ("mobile=", "1015"),
        ("email=nobody", "1042"),
        (f"{ASHA}&member_care_access=true", "1044"),
    ],
)
def test_refusals_of_items(api: Api, asha: Customer, who: str, expected: str) -> None:
    assert code(ask(api, who=who)) == expected


def test_refusals_of_the_request(api: Api, asha: Customer) -> None:
    assert ask(api, who="user_id=true").status["code"] == 400
    assert ask(api, who="mobile=" + ",".join(["1"] * 101)).status["code"] == 1060
    assert api.call("POST", "recommendations", ASHA).status["code"] == 405


def test_an_inherited_number_finds_the_survivor_with_91009(api: Api, shops: Shops, asha: Customer) -> None:
    victim = CustomerFactory(organization=shops.organization, merged_into=asha, registered_on=LONG_AGO)
    assert victim.pk
    IdentifierFactory(customer=asha, value="919812345670", state="MERGED")
    advise(asha, "RAFT", imported_at=at("2026-01-05 12:00:00"))
    status = ask(api, who="mobile=919812345670").customer["item_status"]
    assert (status["code"], status["warnings"]["warning"]) == ("1061", ["91009"])
