"""customer/transactions (docs/protocol.md 4.6)."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.models import BillLine, PurchaseTotals
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount
from organizations.locations.models import Store
from tests.api import Answer, Api
from tests.engagement.shops import Shops
from tests.factories.bills import BillFactory, at, bring_back, buy
from tests.factories.fields import FieldFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.locations import TillFactory, till_actor
from tests.factories.points import facts, give_points, state_of
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db

HEAD = [
    "firstname", "lastname", "user_id", "mobile", "email", "external_id", "lifetime_points", "lifetime_purchases",
    "loyalty_points", "current_slab", "registered_on", "updated_on", "type", "source", "user_groups2", "count", "start",
    "delayed_points", "delayed_returned_points", "total_available_points", "total_returned_points", "rows", "transactions",
    "item_status",
]  # fmt: skip
ROW = [
    "id", "number", "type", "return_type", "amount", "outlier_status", "delivery_status", "notes", "billing_time",
    "auto_update_time", "gross_amount", "discount", "store", "store_code", "returned_points_on_bill", "points",
    "custom_fields", "extended_fields", "coupons", "basket_size", "line_items",
]  # fmt: skip
SIXTY = {"name": "base", "award": {"fixed": 60}, "expiry": {"kind": "date", "value": "2030-06-30"}}
BLOCK = ["issued", "redeemed", "returned", "expired", "returnedPointsOnBill", "expiry_date", "program_id"]


def ask(api: Api, query: str = "mobile=919812345678") -> Answer:
    return api.call("GET", "transactions", query)


def rows(answer: Answer) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = answer.customer["transactions"]["transaction"]
    return content


def numbers(answer: Answer) -> list[str]:
    return [row["number"] for row in rows(answer)]


def code(answer: Answer) -> str:
    content: str = answer.customer["item_status"]["code"]
    return content


def account(customer: Customer, name: str = "Club") -> PointsAccount:
    return PointsAccount.objects.get(customer=customer, program__name=name)


# --- the customer around the rows


def test_the_customer_is_an_object_around_the_rows(api: Api, shops: Shops) -> None:
    customer = shops.member(lastname="Rao")
    bill = buy(customer, shops.blr, amount=1000)
    answer = ask(api)
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert list(answer.customer) == HEAD
    assert answer.customer["item_status"] == {
        "success": "true", "code": "1052", "message": "Transactions fetched successfully", "warnings": {"warning": []},
    }  # fmt: skip
    expected = {
        "user_id": str(customer.pk), "lastname": "Rao", "mobile": "919812345678", "email": None, "external_id": None,
        "lifetime_points": 100, "lifetime_purchases": 1000, "loyalty_points": 100, "current_slab": "NONE",
        "registered_on": "2020-01-01 17:30:00", "updated_on": "2020-01-01 17:30:00", "type": "LOYALTY", "source": "instore",
        "count": 1, "start": str(bill.pk), "delayed_points": "0", "delayed_returned_points": "0",
        "total_available_points": "100", "total_returned_points": "0", "rows": "10",
    }  # fmt: skip
    assert {key: answer.customer[key] for key in expected} == expected


def test_balances_are_of_the_tills_program_or_the_default_one(api: Api, delhi_api: Api, shops: Shops) -> None:
    buy(shops.member(), shops.blr, amount=1000)
    assert (ask(api).customer["loyalty_points"], ask(delhi_api).customer["loyalty_points"]) == (100, 50)
    assert ask(delhi_api).customer["current_slab"] == "Bronze"


def test_promised_points_are_separate(delhi_api: Api, shops: Shops) -> None:
    shops.earn({"name": "later", "award": {"fixed": 30}, "delay_days": 3000})
    customer = shops.member()
    sale = buy(customer, shops.delhi, "2026-01-05 12:00:00", 90)
    bring_back(sale, "2026-01-06 12:00:00", 30)
    head = ask(delhi_api).customer
    assert (head["delayed_points"], head["delayed_returned_points"]) == ("20", "10")
    assert (head["total_available_points"], head["total_returned_points"]) == ("0", "10")


# --- a row


def test_a_row_is_text_but_for_the_size_of_the_basket(api: Api, shops: Shops) -> None:
    bill = BillFactory(
        customer=shops.member(),
        till=shops.blr,
        billed_at=at("2026-01-05 12:00:00"),
        amount=Decimal("1250.50"),
        gross_amount=Decimal("1300.50"),
        discount=Decimal(50),
        notes="gift wrap",
    )
    for position in (1, 2):
        BillLine.objects.create(organization=shops.organization, bill=bill, position=position, item_code="TEA")
    (row,) = rows(ask(api))
    assert list(row) == ROW
    expected = {
        "id": str(bill.pk), "number": bill.number, "type": "REGULAR", "return_type": "", "amount": "1250.5",
        "outlier_status": "NORMAL", "delivery_status": "DELIVERED", "notes": "gift wrap",
        "billing_time": "2026-01-05 12:00:00", "auto_update_time": "2026-01-05 12:00:00", "gross_amount": "1300.5",
        "discount": "50", "store": "Bengaluru", "store_code": "blr", "returned_points_on_bill": "0",
        "custom_fields": {"field": []}, "extended_fields": {"field": []}, "coupons": [], "basket_size": 2,
        "line_items": {"line_item": []},
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected


def test_a_bill_without_a_store_has_blanks(api: Api, shops: Shops) -> None:
    BillFactory(customer=shops.member(), till=None, store=None)
    (row,) = rows(ask(api))
    assert (row["store"], row["store_code"]) == ("", "")


def test_a_foreign_currency_is_printed(api: Api, shops: Shops) -> None:
    BillFactory(customer=shops.member(), till=shops.blr, currency="AED", currency_ratio=Decimal("22.5"))
    (row,) = rows(ask(api))
    assert row["currency"] == {
        "ratio": 22.5,
        "transaction_currency": {"supported_currency_id": "AED", "name": "AED", "symbol": "AED"},
        "id": "INR", "name": "INR", "symbol": "INR",
    }  # fmt: skip
    assert list(row)[14:17] == ["returned_points_on_bill", "currency", "points"]


def test_what_must_be_asked_for_is_there_when_it_is(api: Api, shops: Shops) -> None:
    cashier = FieldFactory(organization=shops.organization, name="cashier", category="transaction")
    FieldFactory(organization=shops.organization, name="lane", category="transaction")
    BillFactory(
        customer=shops.member(),
        till=shops.blr,
        field_values={str(cashier.pk): "Ravi"},
        details={"credit_notes": [{"number": "C1", "amount": "20", "notes": None}]},
    )
    (row,) = rows(ask(api, "mobile=919812345678&custom_fields=TRUE&credit_notes=1&points_breakup=true"))
    assert row["custom_fields"] == {"field": [{"name": "cashier", "value": "Ravi"}]}
    assert row["credit_notes"] == {"credit_note": [{"number": "C1", "amount": "20", "notes": ""}]}
    assert row["points_breakup"] == {"breakup": []}


# --- points of a row


def test_points_are_those_of_the_tills_program(api: Api, delhi_api: Api, shops: Shops) -> None:
    buy(shops.member(), shops.blr, amount=1000)
    (home,), (elsewhere,) = rows(ask(api)), rows(ask(delhi_api))
    assert list(home["points"]) == BLOCK
    assert home["points"] == {
        "issued": "100", "redeemed": "0", "returned": "0", "expired": "0", "returnedPointsOnBill": "0", "expiry_date": "",
        "program_id": str(shops.south.pk),
    }  # fmt: skip
    assert (elsewhere["points"]["issued"], elsewhere["points"]["program_id"]) == ("50", str(shops.club.pk))


def test_with_mlp_points_are_a_list_of_the_customers_programs(delhi_api: Api, shops: Shops) -> None:
    buy(shops.member(), shops.delhi, amount=1000)
    (row,) = rows(ask(delhi_api, "mobile=919812345678&mlp=true"))
    assert [(point["program_id"], point["issued"]) for point in row["points"]] == [
        (str(shops.club.pk), "50"),
        (str(shops.south.pk), "0"),
    ]


def test_where_the_points_of_a_bill_went(delhi_api: Api, shops: Shops) -> None:
    shops.earn(SIXTY)
    customer = shops.member()
    sale = buy(customer, shops.delhi, "2026-01-05 12:00:00", 600)
    state = state_of(account(customer))
    spend(state, Decimal(25), kind=Kind.REDEEM, facts=facts())
    write_accounts([state])
    give_points(account(customer), 5)
    bring_back(sale, "2026-01-07 12:00:00", 600)
    returned, sold = rows(ask(delhi_api, "mobile=919812345678&points_breakup=true"))
    assert sold["points"] == {
        "issued": "60", "redeemed": "25", "returned": "35", "expired": "0", "returnedPointsOnBill": "40",
        "expiry_date": "2030-06-30", "program_id": str(shops.club.pk),
    }  # fmt: skip
    assert sold["returned_points_on_bill"] == "40"
    assert sold["points_breakup"] == {
        "breakup": [
            {
                "program_id": str(shops.club.pk), "type": "regular", "issued": "60", "available": "0", "delayed": "0",
                "redeemed": "25", "returned": "35", "expired": "0", "expiry_date": "2030-06-30",
            }
        ]
    }  # fmt: skip
    assert (returned["type"], returned["return_type"], returned["returned_points_on_bill"]) == ("RETURN", "AMOUNT", "0")
    assert returned["points"]["issued"] == "0"


def test_what_has_expired_by_now_is_expired(delhi_api: Api, shops: Shops) -> None:
    shops.earn(SIXTY)
    customer = shops.member()
    buy(customer, shops.delhi, "2026-01-05 12:00:00", 600)
    lot = account(customer).lots.get()
    type(lot).objects.filter(pk=lot.pk).update(expires_on="2026-02-01")
    PointsAccount.objects.filter(pk=lot.account_id).update(due_at="2026-02-02 00:00:00Z")
    (row,) = rows(ask(delhi_api))
    assert (row["points"]["expired"], row["points"]["expiry_date"]) == ("60", "2026-02-01")


def test_the_last_of_several_expiries_is_printed(delhi_api: Api, shops: Shops) -> None:
    rules = [
        {"name": day, "award": {"fixed": 5}, "delay_days": delay, "expiry": {"kind": "date", "value": day}}
        for day, delay in (("2040-01-31", 0), ("2041-01-31", 3000))
    ]
    shops.earn(*rules)
    buy(shops.member(), shops.delhi, amount=100)
    (row,) = rows(ask(delhi_api, "mobile=919812345678&points_breakup=1"))
    assert row["points"]["expiry_date"] == "2041-01-31"
    assert [(part["available"], part["delayed"]) for part in row["points_breakup"]["breakup"]] == [("5", "0"), ("0", "5")]


def test_who_is_in_no_program_has_blank_points(api: Api, shops: Shops) -> None:
    BillFactory(customer=shops.customer(type="NON_LOYALTY"), till=shops.blr)
    (row,) = rows(ask(api))
    assert row["points"] == {**dict.fromkeys(BLOCK, "0"), "expiry_date": "", "program_id": ""}


def test_with_mlp_only_members_of_the_loyalty_program_are_read(api: Api, shops: Shops) -> None:
    BillFactory(customer=shops.customer(type="NON_LOYALTY"), till=shops.blr)
    assert code(ask(api, "mobile=919812345678&mlp=1")) == "1013"


def test_points_that_cannot_be_read_are_a_warning(api: Api, shops: Shops) -> None:
    buy(shops.member(), shops.blr, amount=1000)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE engagement_billpoints RENAME TO engagement_lost")
    answer = ask(api)
    assert (answer.status["code"], code(answer)) == (200, "1052")
    assert answer.customer["item_status"]["message"] == "Transactions fetched successfully, Failed to get point details"
    assert answer.customer["item_status"]["warnings"] == {"warning": ["91001"]}
    assert (answer.customer["loyalty_points"], answer.customer["lifetime_purchases"]) == (0, 1000)
    assert (rows(answer)[0]["points"]["issued"], rows(answer)[0]["basket_size"]) == ("0", 0)
    assert rows(ask(api, "mobile=919812345678&mlp=true"))[0]["points"] == []


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
    ask(api, "mobile=919812345670")
    for asked in (mobiles[:1], mobiles):
        with django_assert_num_queries(18 + bool(flags)):
            assert ask(api, f"mobile={','.join(asked)}{flags}").status["code"] == 200
    assert PurchaseTotals.objects.count() == 3
