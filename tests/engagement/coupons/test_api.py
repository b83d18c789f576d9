"""customer/coupons (docs/protocol.md 4.9)."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from engagement.coupons.models import CouponReversal
from tests.api import Answer, Api
from tests.engagement.coupons.holders import Holder, holder_of, note_use
from tests.engagement.shops import Shops
from tests.factories.bills import at
from tests.factories.coupons import hold
from tests.factories.locations import till_actor
from tests.reads import SURE_READ_STATEMENTS
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
KEYS = [
    "id", "series_id", "series_name", "redemption_count", "created_date", "valid_till", "code", "transaction_number",
    "issued_at", "purpose", "custom_properties", "redemptions",
]  # fmt: skip


def ask(api: Api, query: str = "", who: str = "mobile=919812345678") -> Answer:
    return api.call("GET", "coupons", f"{who}&{query}")


def coupons(answer: Answer) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = answer.item["coupons"]["coupon"]
    return content


def codes(answer: Answer) -> list[str]:
    return [row["code"] for row in coupons(answer)]


@pytest.fixture
def holder(shops: Shops) -> Holder:
    return holder_of(shops)


def test_pagination_comes_before_the_status(api: Api, holder: Holder) -> None:
    answer = ask(api)
    assert list(answer.response) == ["pagination", "status", "customers"]
    assert answer.response["pagination"] == {"limit": "100", "offset": "0", "total": 3}
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert (answer.code, answer.message) == ("1000", "Coupons retrieved successfully")
    assert {key: answer.item[key] for key in ("id", "mobile", "email", "lastname")} == {
        "id": str(holder.customer.pk), "mobile": "919812345678", "email": None, "lastname": "",
    }  # fmt: skip


def test_a_coupon(api: Api, holder: Holder) -> None:
    fresh = coupons(ask(api))[-1]
    assert list(fresh) == KEYS
    assert fresh == {
        "id": str(holder.fresh.pk), "series_id": str(holder.series.series.pk), "series_name": "Tenth", "redemption_count": 0,
        "created_date": "2026-01-01T01:00:00.000Z", "valid_till": "2035-06-30 23:59:59", "code": "FRESH",
        "transaction_number": None, "issued_at": {"code": "blr.till1", "name": "Bengaluru till 1"},
        "purpose": "Ten percent off", "custom_properties": {"custom_property": [{"name": "colour", "value": "red"}]},
        "redemptions": {},
    }  # fmt: skip


def test_redemptions_that_count_are_listed(api: Api, shops: Shops, holder: Holder) -> None:
    reversed_one = note_use(holder.fresh, shops.blr, "2026-03-01 06:30:00")
    CouponReversal.objects.create(
        organization=shops.organization, redemption=reversed_one, reversed_at=at("2026-03-02 06:30:00"), made_by="till:x"
    )
    used = coupons(ask(api))[1]
    (row,) = used["redemptions"]["redemption"]
    assert (used["redemption_count"], used["transaction_number"]) == (1, "I-1")
    assert {key: row[key] for key in ("date", "transaction_number", "redeemed_at")} == {
        "date": "2026-02-01T01:00:00.000Z", "transaction_number": "T-77",
        "redeemed_at": {"code": "del.till1", "name": "Delhi till 1"},
    }  # fmt: skip
    assert coupons(ask(api))[2]["redemptions"] == {}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["OVER", "USED", "FRESH"]),
        ("sort_order=asc", ["FRESH", "USED", "OVER"]),
        ("order_by=valid_till&sort_order=asc", ["OVER", "FRESH", "USED"]),
        ("order_by=amount", ["OVER", "USED", "FRESH"]),
        ("order_by=created_by&sort_order=asc", ["FRESH", "USED", "OVER"]),
        ("status=active", ["USED", "FRESH"]),
        ("status=expired", ["OVER"]),
        ("status=redeemed;expired", ["OVER", "USED"]),
        ("status=UNREDEEMED", ["FRESH"]),
        ("status=lost", []),
        ("limit=1&offset=1", ["USED"]),
        ("offset=9", []),
        ("store_id=blr", ["USED", "FRESH"]),
        ("store_id=del", ["OVER", "USED", "FRESH"]),
        ("start_date=2026-01-02&end_date=2026-01-02", ["USED"]),
        ("start_date=2026-02-01", ["USED"]),
        ("end_date=2026-01-01+23:59:59", ["FRESH"]),
        ("series_id=0", ["OVER", "USED", "FRESH"]),
        ("series_id=999999999", []),
    ],
)
def test_order_filters_and_pages(api: Api, holder: Holder, query: str, expected: list[str]) -> None:
    assert codes(ask(api, query)) == expected


def test_the_total_counts_all_that_match(api: Api, holder: Holder) -> None:
    answer = ask(api, "limit=1&offset=5&status=active")
    assert answer.response["pagination"] == {"limit": "1", "offset": "5", "total": 2}


def test_filters_take_our_ids(api: Api, shops: Shops, holder: Holder) -> None:
    assert codes(ask(api, f"series_id={holder.series.series.pk}")) == ["USED", "FRESH"]
    assert codes(ask(api, f"store_id={shops.blr.store_id}")) == ["USED", "FRESH"]


@pytest.mark.parametrize("query", ["limit=x", "offset=-1", "series_id=x", "start_date=noon"])
def test_unreadable_parameters_are_400(api: Api, holder: Holder, query: str) -> None:
    answer = ask(api, query)
    assert (answer.code, answer.response["pagination"]["total"]) == ("400", 0)


def test_refusals(api: Api, holder: Holder) -> None:
    assert ask(api, "store_id=nowhere").code == "1150"
    unknown = ask(api, who="mobile=919812345679")
    assert (unknown.code, unknown.status["code"], unknown.response["pagination"]["total"]) == ("1012", 500, 0)
    assert ask(api, who="id=999999999").code == "1011"
    assert ask(api, who="id=").code == "1015"
    assert ask(api, who="mobile=12ab").code == "1042"
    assert ask(api, who="mobile=919812345678,919812345679").status["code"] == 1060
    assert ask(api, who="x=1").status["code"] == 400


def test_member_care_reads_those_who_registered_in_its_store(api: Api, holder: Holder) -> None:
    assert ask(api, "member_care_access=true").code == "1044"


def test_a_merged_customer_leads_to_the_survivors_coupons(api: Api, shops: Shops, holder: Holder) -> None:
    victim = shops.member("919812345679")
    merge_customers(survivor=holder.customer.pk, victim=victim.pk, by=till_actor(shops.blr))
    answer = ask(api, who="mobile=919812345679")
    assert (answer.item["id"], codes(answer)) == (str(holder.customer.pk), ["OVER", "USED", "FRESH"])
    assert (answer.code, answer.warnings) == ("1000", ["91009"])


def test_no_coupons_are_a_success(api: Api, shops: Shops) -> None:
    shops.customer()
    answer = ask(api)
    assert (answer.code, answer.item["coupons"]) == ("1000", {"coupon": []})


def test_coupons_in_xml(api: Api, holder: Holder) -> None:
    root = api.call("GET", "coupons", "mobile=919812345678&format=xml").xml
    assert [tag.tag for tag in root] == ["pagination", "status", "customers"]
    used = root.findall("customers/customer/coupons/coupon")[1]
    assert used.findtext("redemptions/redemption/transaction_number") == "T-77"


@pytest.mark.parametrize("count", [1, 3])
def test_a_warm_call_costs_two_statements(
    api: Api, shops: Shops, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    holder = holder_of(shops)
    for number in range(1, count):
        hold(holder.customer, holder.series, by=till_actor(shops.blr), code=f"MORE{number}")
    query = "status=active;expired&order_by=amount&store_id=del&start_date=2020-01-01"
    ask(api, query)
    with django_assert_num_queries(SURE_READ_STATEMENTS):
        answer = ask(api, query)
    assert len(coupons(answer)) == 2 + count
