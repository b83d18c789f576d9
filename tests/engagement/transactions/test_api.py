"""customer/transactions (docs/protocol.md 4.6)."""

from decimal import Decimal

import pytest
from django.db import connection

from customers.profile.models import Customer
from engagement.bills.models import BillLine
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount
from tests.api import Api
from tests.engagement.shops import Shops
from tests.engagement.transactions.calls import HEAD, ask, code, rows
from tests.factories.bills import BillFactory, at, bring_back, buy
from tests.factories.fields import FieldFactory
from tests.factories.points import facts, give_points, state_of

pytestmark = pytest.mark.django_db

ROW = [
    "id", "number", "type", "return_type", "amount", "outlier_status", "delivery_status", "notes", "billing_time",
    "auto_update_time", "gross_amount", "discount", "store", "store_code", "returned_points_on_bill", "points",
    "custom_fields", "extended_fields", "coupons", "basket_size", "line_items",
]  # fmt: skip
SIXTY = {"name": "base", "award": {"fixed": 60}, "expiry": {"kind": "date", "value": "2030-06-30"}}
BLOCK = ["issued", "redeemed", "returned", "expired", "returnedPointsOnBill", "expiry_date", "program_id"]


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
    assert ask(delhi_api).customer["current_slab"] == "Silver"


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
