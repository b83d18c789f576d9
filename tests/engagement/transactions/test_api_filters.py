"""Rows, order and pages of customer/transactions, and whose they are (docs/protocol.md 4.6)."""

from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.models import PurchaseTotals
from organizations.locations.models import Store
from tests.api import Api
from tests.engagement.shops import Shops
from tests.engagement.transactions.calls import HEAD, ask, code, numbers, rows
from tests.factories.bills import BillFactory, at, buy
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.locations import TillFactory, till_actor
from tests.reads import READ_STATEMENTS
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db


# --- which rows


@pytest.fixture
def three(shops: Shops) -> Customer:
    """A customer with three bills, not recorded in their order: B is the newest."""
    customer = shops.member()
    BillFactory(customer=customer, till=shops.blr, billed_at=at("2026-01-03 12:00:00"), amount=100, number="A")
    BillFactory(customer=customer, till=shops.delhi, billed_at=at("2026-01-09 12:00:00"), amount=200, number="B")
    BillFactory(customer=customer, till=shops.blr, billed_at=at("2026-01-06 23:59:59"), amount=200, number="C")
    return customer


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "BCA"),
        ("order=asc", "ACB"),
        ("sort=asc", "ACB"),
        ("sort=desc", "BCA"),
        ("sort=trans_id", "CBA"),
        ("sort=TRANS_ID&order=ASC", "ABC"),
        ("limit=1", "B"),
        ("limit=1&offset=1", "C"),
        ("limit=0&offset=0", "BCA"),
        ("number=A", "A"),
        ("number=%E2%80%8BA", "A"),
        ("amount=200.00", "BC"),
        ("amount=200&transaction_date=2026-01-06", "C"),
        ("transaction_date=2026-01-06%2023:59:59", "C"),
        ("store_code=del", "B"),
        ("store_id=del", "B"),
        ("store_name=Delhi", "B"),
        ("till_code=blr.till1", "CA"),
        ("till_name=Delhi%20till%201", "B"),
        ("entity_type=ZONE&entity_code=north", "B"),
        ("entity_type=concept&entity_code=food", "CA"),
        ("entity_type=STORE&entity_code=del", "B"),
        ("entity_type=TILL&entity_code=blr.till1", "CA"),
        ("entity_type=STR_SERVER&entity_code=blr.till1", "CA"),
        ("start_date=2026-01-06", "BC"),
        ("start_date=2026-01-06+23:59:59", "BC"),
        ("start_date=2026-01-06%2B23:59:59", "BC"),
        ("start_date=2026-01-07", "B"),
        ("end_date=2026-01-06", "CA"),
        ("end_date=2026-01-06+23:59:59", "CA"),
        ("end_date=2026-01-06+23:59:58", "A"),
        ("start_id=0&end_id=0&transaction_id=0&number=&store_id=", "BCA"),
    ],
)
def test_filters_order_and_page(api: Api, three: Customer, query: str, expected: str) -> None:
    assert "".join(numbers(ask(api, f"mobile=919812345678&{query}"))) == expected


def test_ids_are_filters_too(api: Api, shops: Shops, three: Customer) -> None:
    first, middle, last = sorted(int(row["id"]) for row in rows(ask(api)))
    assert numbers(ask(api, f"mobile=919812345678&transaction_id={middle}")) == ["B"]
    assert numbers(ask(api, f"mobile=919812345678&start_id={middle}")) == ["B", "C"]
    assert numbers(ask(api, f"mobile=919812345678&end_id={first}")) == ["A"]
    assert numbers(ask(api, f"mobile=919812345678&start_id={last}&end_id={last}")) == ["C"]
    assert numbers(ask(api, f"mobile=919812345678&till_id={shops.delhi.pk}")) == ["B"]
    assert numbers(ask(api, f"mobile=919812345678&store_id={shops.delhi.store_id}")) == ["B"]


def test_a_store_id_is_an_id_before_it_is_a_code(api: Api, shops: Shops, three: Customer) -> None:
    code = str(shops.delhi.store_id)
    BillFactory(
        customer=three, till=TillFactory(store__organization=shops.organization, store__code=code, code="odd.till1"), number="D"
    )
    assert numbers(ask(api, f"mobile=919812345678&store_id={code}")) == ["B"]


def test_count_is_of_all_that_match_and_rows_is_the_limit(api: Api, three: Customer) -> None:
    head = ask(api, "mobile=919812345678&limit=1&offset=1&amount=200").customer
    assert (head["count"], head["rows"], head["start"]) == (2, "1", head["transactions"]["transaction"][0]["id"])
    assert ask(api, "mobile=919812345678&limit=5000").customer["rows"] == "1000"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("store_id=nowhere", "1150"),
        ("store_id=999999999999", "1150"),
        ("transaction_id=x", "400"),
        ("till_id=1x", "400"),
        ("start_id=-1", "400"),
        ("end_id=99999999999999999999", "400"),
        ("amount=much", "400"),
        ("amount=1e999999", "400"),
        ("transaction_date=soon", "400"),
        ("start_date=2026-13-01", "400"),
        ("end_date=yesterday", "400"),
        ("entity_type=PLANET&entity_code=x", "400"),
        ("entity_type=ZONE", "400"),
        ("limit=-1", "400"),
        ("offset=x", "400"),
        ("limit=99999999999999999999", "400"),
        ("sort=amount", "400"),
        ("order=up", "400"),
        ("number=nobody", "1051"),
        ("offset=3", "1051"),
        ("store_code=nowhere", "1051"),
    ],
)
def test_values_that_cannot_be_and_rows_that_are_not(api: Api, three: Customer, query: str, expected: str) -> None:
    answer = ask(api, f"mobile=919812345678&{query}")
    assert (answer.http.status_code, answer.status["code"], code(answer)) == (200, 500, expected)
    assert answer.customer["mobile"] == "919812345678"


def test_a_customer_without_rows_is_shown_whole(api: Api, shops: Shops) -> None:
    customer = shops.member(firstname="Mina")
    join_group(UserGroupFactory(organization=shops.organization, external_id="FAM1"), customer.pk)
    shops.earn({"name": "base", "award": {"fixed": 60}})
    buy(customer, shops.blr, amount=100)
    answer = ask(api, "mobile=919812345678&number=nobody&limit=5")
    assert (answer.status["success"], answer.status["code"]) == ("false", 500)
    seen = answer.customer
    assert list(seen) == HEAD
    assert (seen["firstname"], seen["user_id"], seen["lifetime_purchases"]) == ("Mina", str(customer.pk), 100)
    assert seen["total_available_points"] == str(seen["loyalty_points"]) != "0"
    assert [group["external_id"] for group in seen["user_groups2"]] == ["FAM1"]
    assert (seen["count"], seen["start"], seen["rows"], seen["transactions"]) == (0, "", "5", {"transaction": []})
    assert seen["item_status"] == {
        "success": "false", "code": "1051", "message": "No transactions or recommendations found for the customer.",
        "warnings": {"warning": []},
    }  # fmt: skip


def test_a_merged_customer_without_rows_is_warned_of(api: Api, shops: Shops) -> None:
    survivor, victim = shops.member(), shops.member("919812345679")
    merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(shops.blr))
    seen = ask(api, "mobile=919812345679").customer
    assert (seen["item_status"]["code"], seen["user_id"]) == ("1051", str(survivor.pk))
    assert seen["item_status"]["warnings"] == {"warning": ["91009"]}


@pytest.mark.parametrize(("flag", "expected"), [(0, 1001), (1, 1000.5)])
def test_purchases_are_whole_unless_the_policy_is_exact(api: Api, shops: Shops, flag: int, expected: float) -> None:
    shops.organization.flags = {"V1_EXACT_LIFETIME_PURCHASES": flag}
    shops.organization.save()
    buy(shops.member(), shops.blr, amount=Decimal("1000.50"))
    assert ask(api).customer["lifetime_purchases"] == expected


# --- whose rows


@pytest.mark.parametrize(
    ("query", "expected", "body"),
    [
        ("mobile=919800000000", "1012", {"mobile": "919800000000"}),
        ("external_id=E9", "1012", {"external_id": "E9"}),
        ("id=999999999", "1011", {"id": "999999999"}),
        ("id=x", "400", {}),
        ("mobile=12ab", "1042", {"mobile": "12ab"}),
        ("mobile=", "1015", {"mobile": ""}),
        ("identifierName=mobile&identifierValue=919800000000", "1012", {"mobile": "919800000000"}),
        ("identifierName=email", "1015", {"email": ""}),
    ],
)
def test_no_customer_is_found(api: Api, query: str, expected: str, body: dict[str, str]) -> None:
    answer = ask(api, f"{query}&limit=x")
    assert (answer.http.status_code, answer.status["code"], code(answer)) == (200, 500, expected)
    assert {key: value for key, value in answer.customer.items() if key != "item_status"} == body


@pytest.mark.parametrize("query", ["limit=5", "identifierName=shoe&identifierValue=9", "identifierValue=9"])
def test_without_an_identifier_the_request_is_refused(api: Api, query: str) -> None:
    assert (ask(api, query).http.status_code, ask(api, query).status["code"]) == (400, 400)


def test_the_identifier_may_be_a_pair(api: Api, three: Customer) -> None:
    assert numbers(ask(api, "identifierName=mobile&identifierValue=919812345678&limit=1")) == ["B"]
    assert numbers(ask(api, f"identifierName=id&identifierValue={three.pk}&limit=1")) == ["B"]


def test_several_customers_are_a_list_in_the_order_asked(api: Api, shops: Shops, three: Customer) -> None:
    BillFactory(customer=shops.member("919812345679"), till=shops.blr, number="D")
    shops.member("919812345670")
    asked = ["919812345679", "919800000000", "919812345678", "919812345670", "919812345679"]
    answer = ask(api, f"mobile={','.join(asked)}&limit=2")
    assert answer.status["code"] == 201
    assert [customer["mobile"] for customer in answer.customers] == asked
    assert [customer["item_status"]["code"] for customer in answer.customers] == ["1052", "1012", "1052", "1051", "1052"]
    customers = [customer for customer in answer.customers if "count" in customer]
    numbers = [[row["number"] for row in customer["transactions"]["transaction"]] for customer in customers]
    assert numbers == [["D"], ["B", "C"], [], ["D"]]
    assert [customer["count"] for customer in customers] == [1, 3, 0, 1]


def test_more_customers_than_a_batch_holds_are_refused(api: Api) -> None:
    assert ask(api, "id=" + ",".join(["1"] * 101)).status["code"] == 1060


def test_a_read_of_a_merged_customer_warns_of_the_survivor(api: Api, shops: Shops, three: Customer) -> None:
    victim = shops.member("919812345679")
    merge_customers(survivor=three.pk, victim=victim.pk, by=till_actor(shops.blr))
    for query in ("mobile=919812345679", f"id={victim.pk}"):
        answer = ask(api, query)
        assert (code(answer), answer.customer["user_id"]) == ("1052", str(three.pk))
        assert answer.customer["item_status"]["warnings"] == {"warning": ["91009"]}


def test_member_care_reads_those_who_registered_in_its_store(api: Api, shops: Shops, three: Customer) -> None:
    assert code(ask(api, "mobile=919812345678&member_care_access=true")) == "1044"
    Customer.objects.update(registered_store=Store.objects.get(code="blr"))
    assert code(ask(api, "mobile=919812345678&member_care_access=true")) == "1052"


def test_another_organization_sees_no_customer(bazaar_api: Api, three: Customer) -> None:
    assert code(ask(bazaar_api, f"id={three.pk}")) == "1011"


def test_xml_has_the_same_content(api: Api, shops: Shops) -> None:
    buy(shops.member(), shops.blr, amount=1000)
    customer = ask(api, "mobile=919812345678&format=xml&mlp=1").xml.find("customer")
    assert customer is not None
    assert [element.tag for element in customer] == HEAD
    assert customer.findtext("transactions/transaction/coupons") == ""
    assert [element.findtext("issued") for element in customer.findall("transactions/transaction/points")] == ["50", "100"]
    shops.member("919812345670")
    tree = ask(api, "mobile=919812345678,919812345670&format=xml").xml
    assert [element.findtext("mobile") for element in tree.findall("customer")] == ["919812345678", "919812345670"]


@pytest.mark.parametrize("flags", ["", "&mlp=true&custom_fields=1&points_breakup=1&credit_notes=1&limit=3"])
def test_queries_do_not_grow_with_customers_nor_bills(
    api: Api, shops: Shops, flags: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mobiles = [f"91981234567{number}" for number in range(3)]
    for index, mobile in enumerate(mobiles):
        customer = shops.member(mobile)
        for day in range(1, index + 2):
            buy(customer, shops.blr, f"2026-01-0{day} 12:00:00", 100)
    ask(api, f"mobile=919812345670{flags}")
    for asked in (mobiles[:1], mobiles):
        with django_assert_num_queries(READ_STATEMENTS):
            assert ask(api, f"mobile={','.join(asked)}{flags}").status["code"] == 200
    assert PurchaseTotals.objects.count() == 3
