"""customer/redemptions, the half of points (docs/protocol.md 4.7)."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.groups.models import GroupMembership
from customers.profile.models import Customer
from tests.api import Answer, Api
from tests.engagement.shops import Shops
from tests.factories.bills import BillFactory
from tests.factories.groups import UserGroupFactory
from tests.factories.redemptions import give_back, redeem
from tests.reads import SURE_READ_STATEMENTS

pytestmark = pytest.mark.django_db

HEAD = [
    "mobile", "email", "external_id", "firstname", "lastname", "user_groups2", "rows", "coupons_count", "points_count",
    "coupons_start_id", "points_start_id", "redemptions",
]  # fmt: skip
ROW = [
    "id", "program_id", "points_redeemed", "transaction_number", "bill_id", "validation_code", "redeemed_time", "redeemed_at",
    "redemption_purpose", "notes", "external_reference_number", "redemption_id", "redeemed_store", "redeemed_till",
    "custom_fields", "reversals", "redemption_breakup_by_program",
]  # fmt: skip
NOTHING: dict[str, Any] = {"coupons": {"coupon": []}, "points": {"point": []}}


def ask(api: Api, query: str = "") -> Answer:
    return api.call("GET", "redemptions", f"mobile=919812345678&{query}")


def rows(answer: Answer) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = answer.customer["redemptions"]["points"]["point"]
    return content


def spent(answer: Answer) -> list[int]:
    return [row["points_redeemed"] for row in rows(answer)]


def code(answer: Answer) -> str:
    content: str = answer.customer["item_status"]["code"]
    return content


@pytest.fixture
def three(shops: Shops) -> Customer:
    """A customer with three redemptions in the default club, written in another order than they happened."""
    customer = shops.member()
    redeem(customer, shops.club, 10, "2026-01-03 12:00:00", till=shops.blr, reference="X1")
    redeem(customer, shops.club, 20, "2026-01-09 12:00:00", till=shops.delhi, reference="X2")
    redeem(customer, shops.club, 30, "2026-01-06 23:59:59", till=None)
    return customer


# --- the customer around the rows


def test_a_success_has_no_item_status(delhi_api: Api, three: Customer) -> None:
    answer = ask(delhi_api)
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert list(answer.customer) == HEAD
    expected = {
        "mobile": "919812345678", "email": None, "external_id": None, "firstname": three.firstname, "lastname": "",
        "user_groups2": [], "rows": 10, "coupons_count": 0, "points_count": 3, "coupons_start_id": "",
        "points_start_id": rows(answer)[0]["id"],
    }  # fmt: skip
    assert {key: answer.customer[key] for key in expected} == expected
    assert answer.customer["redemptions"]["coupons"] == {"coupon": []}


def test_nothing_redeemed_is_a_success(delhi_api: Api, shops: Shops) -> None:
    shops.member()
    customer = ask(delhi_api).customer
    assert (customer["redemptions"], customer["points_count"], customer["points_start_id"]) == (NOTHING, 0, "")


def test_a_member_without_points_is_read_too(delhi_api: Api, shops: Shops) -> None:
    shops.customer()
    assert ask(delhi_api).customer["redemptions"] == NOTHING


@pytest.mark.parametrize(("kind", "points", "coupons"), [("", 3, 0), ("BOTH", 3, 0), ("points", 3, None), ("COUPONS", None, 0)])
def test_the_count_of_a_kind_that_was_not_asked_for_is_null(
    delhi_api: Api, three: Customer, kind: str, points: int | None, coupons: int | None
) -> None:
    answer = ask(delhi_api, f"type={kind}")
    assert (answer.customer["points_count"], answer.customer["coupons_count"]) == (points, coupons)
    assert len(rows(answer)) == (points or 0)


def test_user_id_is_printed_on_request(delhi_api: Api, three: Customer) -> None:
    assert list(ask(delhi_api, "user_id=true").customer)[:6] == [*HEAD[:5], "user_id"]
    by_id = delhi_api.call("GET", "redemptions", f"user_id={three.pk}")
    assert by_id.customer["user_id"] == str(three.pk)


def test_user_groups_are_printed(delhi_api: Api, shops: Shops, three: Customer) -> None:
    group = UserGroupFactory(organization=shops.organization, external_id="FAM1", name="Rao family")
    GroupMembership.objects.create(organization=shops.organization, group=group, customer=three, role="PRIMARY")
    assert [group["external_id"] for group in ask(delhi_api).customer["user_groups2"]] == ["FAM1"]


# --- a row


def test_a_row(delhi_api: Api, shops: Shops) -> None:
    customer = shops.member()
    bill = BillFactory(customer=customer, till=shops.delhi)
    redemption = redeem(
        customer, shops.club, 30, "2026-01-05 12:00:00", till=shops.delhi, reference="POS-9", note="for a kettle",
        purpose="Kettle", transaction_number="T5", bill=bill, validation_code="AB12cd",
        custom_fields=[{"name": "cashier", "value": "Ravi"}],
    )  # fmt: skip
    (row,) = rows(ask(delhi_api))
    assert list(row) == ROW
    assert row == {
        "id": redemption.pk, "program_id": shops.club.pk, "points_redeemed": 30, "transaction_number": "T5",
        "bill_id": str(bill.pk), "validation_code": "AB12cd", "redeemed_time": "2026-01-05 12:00:00",
        "redeemed_at": "del.till1", "redemption_purpose": "Kettle", "notes": "for a kettle",
        "external_reference_number": "POS-9", "redemption_id": redemption.code,
        "redeemed_store": {"code": "del", "name": "Delhi"},
        "redeemed_till": {"code": "del.till1", "name": "Delhi till 1"},
        "custom_fields": {"field": [{"name": "cashier", "value": "Ravi"}]}, "reversals": [],
        "redemption_breakup_by_program": [],
    }  # fmt: skip


def test_a_row_without_bill_till_and_store(delhi_api: Api, shops: Shops) -> None:
    redeem(shops.member(), shops.club, 30, "2026-01-05 12:00:00", till=None)
    (row,) = rows(ask(delhi_api))
    assert (row["bill_id"], row["redeemed_at"], row["redeemed_till"]) == ("-1", "", {"code": "", "name": ""})


def test_reversals_and_breakups_by_program(delhi_api: Api, shops: Shops) -> None:
    redemption = redeem(shops.member(), shops.club, 30, "2026-01-05 12:00:00", till=shops.delhi)
    first = give_back(redemption, 4, "2026-01-06 12:00:00", till=shops.blr)
    second = give_back(redemption, 5, "2026-01-07 12:00:00", till=None)
    (plain,) = rows(ask(delhi_api))
    assert plain["points_redeemed"] == 30
    assert plain["reversals"] == [
        {
            "reversal_id": first.pk, "points_reversed": 4, "reversal_time": "2026-01-06 12:00:00",
            "reversed_on_till_id": shops.blr.pk, "reversal_breakup_by_program": [],
        },
        {
            "reversal_id": second.pk, "points_reversed": 5, "reversal_time": "2026-01-07 12:00:00",
            "reversed_on_till_id": -1, "reversal_breakup_by_program": [],
        },
    ]  # fmt: skip
    (row,) = rows(ask(delhi_api, "mlp=true"))
    program = {"program_id": shops.club.pk, "program_name": "Club"}
    assert row["redemption_breakup_by_program"] == [{**program, "points_redeemed": 30}]
    assert [reversal["reversal_breakup_by_program"] for reversal in row["reversals"]] == [
        [{**program, "points_reversed": 4}],
        [{**program, "points_reversed": 5}],
    ]


# --- which rows


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [20, 30, 10]),
        ("order=asc", [10, 30, 20]),
        ("sort=redeemed_time&order=desc", [20, 30, 10]),
        ("sort=redemption_id", [30, 20, 10]),
        ("sort=redemption_id&order=asc", [10, 20, 30]),
        ("limit=2", [20, 30]),
        ("points_limit=1", [20]),
        ("points_limit=2&limit=1&coupons_limit=1", [20, 30]),
        ("points_limit=1&type=POINTS", [20, 30, 10]),
        ("points_limit=1&type=POINTS&limit=2", [20, 30]),
        ("start_date=2026-01-06", [20, 30]),
        ("end_date=2026-01-06", [30, 10]),
        ("start_date=2026-01-06&end_date=2026-01-06+23:59:59", [30]),
        ("external_reference_number=X2", [20]),
        ("merchant_store_id=del", [20]),
        ("merchant_store_id=nowhere", []),
        ("entity_code=del", [20]),
        ("entity_code=blr.till1", [10]),
    ],
)
def test_filters_order_and_limits(delhi_api: Api, three: Customer, query: str, expected: list[int]) -> None:
    assert spent(ask(delhi_api, query)) == expected


def test_bounds_of_ids_count_only_without_a_type(delhi_api: Api, shops: Shops, three: Customer) -> None:
    first, middle, last = sorted(row["id"] for row in rows(ask(delhi_api)))
    assert spent(ask(delhi_api, f"points_start_id={middle}")) == [20, 30]
    assert spent(ask(delhi_api, f"points_start_id={middle}&points_end_id={middle}")) == [20]
    assert spent(ask(delhi_api, f"points_end_id={first}&type=BOTH")) == [20, 30, 10]
    assert ask(delhi_api, f"points_start_id={last}&limit=1").customer["points_count"] == 1
    assert spent(ask(delhi_api, f"merchant_store_id={shops.blr.store_id}")) == [10]


def test_the_count_is_of_all_that_match(delhi_api: Api, three: Customer) -> None:
    customer = ask(delhi_api, "limit=1").customer
    assert (customer["points_count"], customer["rows"]) == (3, 1)


@pytest.mark.parametrize(
    "query",
    [
        "type=GIFTS", "limit=x", "points_limit=-1", "points_start_id=x", "points_end_id=x",
        "start_date=x", "end_date=x", "sort=amount", "order=up", "program_id=x",
        "programId=-1",
    ],
)  # fmt: skip
def test_values_that_cannot_be(delhi_api: Api, three: Customer, query: str) -> None:
    answer = ask(delhi_api, query)
    assert (answer.http.status_code, answer.status["code"], code(answer)) == (200, 500, "400")


def test_parameters_of_other_types_are_not_checked(delhi_api: Api, three: Customer) -> None:
    assert spent(ask(delhi_api, "type=POINTS&points_limit=x&points_start_id=x&coupons_limit=x")) == [20, 30, 10]


# --- of which programs


def test_without_mlp_the_tills_program_counts_and_with_it_all(api: Api, delhi_api: Api, shops: Shops) -> None:
    customer = shops.member()
    redeem(customer, shops.club, 5, "2026-01-05 12:00:00", till=shops.blr)
    redeem(customer, shops.south, 7, "2026-01-04 12:00:00", till=shops.blr)
    assert (spent(ask(api)), spent(ask(delhi_api))) == ([7], [5])
    assert spent(ask(api, "mlp=1")) == [5, 7]
    for named in ("program_id", "programId"):
        assert spent(ask(api, f"{named}={shops.club.pk}")) == [5]
    assert code(ask(api, "program_id=999999")) == "1020"


def test_a_program_that_the_customer_is_not_in(api: Api, shops: Shops) -> None:
    shops.customer()
    assert code(ask(api, f"program_id={shops.club.pk}")) == "1020"


# --- whose rows


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("mobile=919800000000", "816"),
        ("email=nobody@example.com", "816"),
        ("id=999999999", "816"),
        ("card_number=9", "816"),
        ("id=x", "400"),
        ("mobile=12ab", "1042"),
        ("mobile=", "1015"),
        ("identifierName=external_id&identifierValue=E9", "816"),
    ],
)
def test_no_customer_is_found(api: Api, query: str, expected: str) -> None:
    answer = api.call("GET", "redemptions", query)
    assert (answer.http.status_code, answer.status["code"], code(answer)) == (200, 500, expected)


def test_more_customers_than_a_batch_holds_are_refused(api: Api) -> None:
    assert api.call("GET", "redemptions", "id=" + ",".join(["1"] * 101)).status["code"] == 1060


def test_only_members_of_the_loyalty_program_are_read(api: Api, shops: Shops) -> None:
    shops.customer(type="NON_LOYALTY")
    assert code(ask(api)) == "1013"


def test_member_care_reads_those_who_registered_in_its_store(api: Api, three: Customer) -> None:
    assert code(ask(api, "member_care_access=true")) == "1044"


def test_several_customers_are_a_list_in_the_order_asked(delhi_api: Api, shops: Shops, three: Customer) -> None:
    redeem(shops.member("919812345679"), shops.club, 40, "2026-01-05 12:00:00", till=shops.blr)
    asked = ["919812345679", "919800000000", "919812345678"]
    answer = delhi_api.call("GET", "redemptions", f"mobile={','.join(asked)}&limit=2")
    assert answer.status["code"] == 201
    assert [customer["mobile"] for customer in answer.customers] == asked
    assert answer.customers[1]["item_status"]["code"] == "816"
    points = [
        [row["points_redeemed"] for row in customer["redemptions"]["points"]["point"]] for customer in answer.customers[::2]
    ]
    assert points == [[40], [20, 30]]


def test_xml_has_the_same_content(delhi_api: Api, three: Customer) -> None:
    customer = ask(delhi_api, "format=xml&mlp=1&limit=1&type=points").xml.find("customer")
    assert customer is not None
    assert [element.tag for element in customer] == HEAD
    assert (customer.findtext("coupons_count"), customer.findtext("redemptions/coupons/coupon")) == ("", "")
    point = customer.find("redemptions/points/point")
    assert point is not None
    assert [element.tag for element in point] == ROW
    assert point.findtext("redemption_breakup_by_program/program/points_redeemed") == "20"


@pytest.mark.parametrize("flags", ["", "&mlp=true"])
def test_queries_do_not_grow_with_customers_nor_redemptions(
    delhi_api: Api, shops: Shops, flags: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mobiles = [f"91981234567{number}" for number in range(3)]
    for index, mobile in enumerate(mobiles):
        customer = shops.member(mobile)
        for day in range(1, index + 2):
            give_back(
                redeem(customer, shops.club, 9, f"2026-01-0{day} 12:00:00", till=shops.blr),
                2,
                f"2026-01-0{day} 13:00:00",
                till=shops.blr,
            )
    delhi_api.call("GET", "redemptions", f"mobile={mobiles[0]}{flags}")
    for asked in (mobiles[:1], mobiles):
        with django_assert_num_queries(SURE_READ_STATEMENTS):
            answer = delhi_api.call("GET", "redemptions", f"mobile={','.join(asked)}{flags}")
        assert answer.customers[-1]["points_count"] == len(asked)
