"""Coupons in customer/get, customer/redemptions and customer/transactions (docs/protocol.md 4.5 to 4.7)."""

from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from organizations.locations.models import Concept, Store, Zone
from tests.api import Answer, Api
from tests.engagement.coupons.holders import Holder, holder_of, note_use
from tests.engagement.shops import Shops
from tests.factories.bills import buy
from tests.reads import READ_STATEMENTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder(shops: Shops) -> Holder:
    return holder_of(shops)


def profile(api: Api, query: str = "") -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = api.get(f"mobile=919812345678&{query}").item["coupons"]["coupon"]
    return content


def codes(api: Api, query: str = "") -> list[str]:
    return [row["code"] for row in profile(api, query)]


def test_a_coupon_of_a_profile(api: Api, holder: Holder) -> None:
    over, used, fresh = profile(api)
    assert fresh == {
        "id": str(holder.fresh.pk), "series_id": str(holder.series.series.pk), "code": "FRESH",
        "description": "Ten percent off", "created_date": "2026-01-01 06:30:00", "valid_till": "2035-06-30 23:59:59",
        "redeemed": "false", "same_user_multiple_redeem": "true",
    }  # fmt: skip
    assert (used["redeemed"], over["same_user_multiple_redeem"]) == ("true", "false")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("coupon_sort_order=asc", ["FRESH", "USED", "OVER"]),
        ("coupon_order_by=valid_till&coupon_sort_order=asc", ["OVER", "FRESH", "USED"]),
        ("coupon_limit=1", ["OVER"]),
        ("coupon_limit=x&coupon_offset=1", ["USED", "FRESH"]),
        ("coupon_active=true", ["USED", "FRESH"]),
        ("coupon_status=expired", ["OVER"]),
        ("coupon_status=unredeemed;redeemed", ["USED", "FRESH"]),
        ("coupon_org_entity_type=STORE&coupon_org_entity_value=blr", ["USED", "FRESH"]),
        ("coupon_org_entity_type=till&coupon_org_entity_value=del.till1", ["OVER", "USED", "FRESH"]),
        ("coupon_org_entity_type=ZONE&coupon_org_entity_value=z", ["OVER", "USED", "FRESH"]),
        ("coupon_org_entity_type=CONCEPT&coupon_org_entity_value=c", ["OVER", "USED", "FRESH"]),
        ("coupon_org_entity_value=nowhere", []),
        ("basic=true", []),
    ],
)
def test_order_filters_and_pages_of_a_profile(api: Api, shops: Shops, holder: Holder, query: str, expected: list[str]) -> None:
    zone = Zone.objects.create(organization=shops.organization, code="z", name="Zone")
    concept = Concept.objects.create(organization=shops.organization, code="c", name="Concept")
    Store.objects.filter(code="del").update(zone=zone, concept=concept)
    assert codes(api, query) == expected


def test_the_offer_of_a_series_is_printed_on_request(api: Api, holder: Holder) -> None:
    over, used, _ = profile(api, f"coupon_offer={holder.series.series.pk}")
    assert "offer" not in over
    assert used["offer"] == {
        "discount_type": "PERC", "discount_value": "10", "discount_code": "CT10", "discount_upto": "0", "min_bill_amount": "0",
        "redemptions_per_coupon": "2",
    }  # fmt: skip


def test_a_profile_with_coupons_costs_two_statements(
    api: Api, holder: Holder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    query = "coupon_org_entity_value=del&coupon_order_by=amount"
    profile(api, query)
    with django_assert_num_queries(READ_STATEMENTS):
        assert len(profile(api, query)) == 3


def test_a_profile_is_read_without_coupons_if_they_fail(api: Api, holder: Holder) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE engagement_coupon RENAME TO away")
    item = api.get("mobile=919812345678").item
    assert (item["coupons"], item["item_status"]["warnings"]) == ({"coupon": []}, {"warning": ["91001"]})


# --- customer/redemptions


def spent(api: Api, query: str = "") -> Answer:
    return api.call("GET", "redemptions", f"mobile=919812345678&{query}")


def used_bills(answer: Answer) -> list[str]:
    return [row["transaction_number"] for row in answer.customer["redemptions"]["coupons"]["coupon"]]


@pytest.fixture
def redeemer(shops: Shops) -> Holder:
    """A member whose coupon was redeemed in Delhi, then elsewhere."""
    holder = holder_of(shops)
    note_use(holder.fresh, shops.blr, "2026-02-03 06:30:00", "T-78")
    return holder


def test_a_redemption_of_a_coupon(api: Api, redeemer: Holder) -> None:
    answer = spent(api)
    assert (answer.customer["coupons_count"], used_bills(answer)) == (2, ["T-78", "T-77"])
    first, second = answer.customer["redemptions"]["coupons"]["coupon"]
    assert answer.customer["coupons_start_id"] == int(first["id"])
    assert {key: second[key] for key in second if key != "id"} == {
        "code": "USED", "series_id": str(redeemer.series.series.pk), "description": "Ten percent off", "discount_code": "CT10",
        "discount_type": "PERC", "transaction_number": "T-77", "redeemed_time": "2026-02-01 06:30:00",
        "redeemed_at": "del.till1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=POINTS", []),
        ("type=COUPONS", ["T-78", "T-77"]),
        ("sort=redemption_id&order=asc", ["T-77", "T-78"]),
        ("coupons_limit=1", ["T-78"]),
        ("type=BOTH&coupons_limit=1", ["T-78", "T-77"]),
        ("start_date=2026-02-02", ["T-78"]),
        ("end_date=2026-02-01", ["T-77"]),
        ("merchant_store_id=del", ["T-77"]),
        ("entity_code=blr.till1", ["T-78"]),
        ("external_reference_number=X", []),
    ],
)
def test_filters_of_redeemed_coupons(api: Api, redeemer: Holder, query: str, expected: list[str]) -> None:
    assert used_bills(spent(api, query)) == expected


def test_bounds_of_ids_count_without_a_type(api: Api, redeemer: Holder) -> None:
    last = spent(api).customer["coupons_start_id"]
    assert used_bills(spent(api, f"coupons_start_id={last}")) == ["T-78"]
    assert used_bills(spent(api, f"coupons_end_id={last - 1}")) == ["T-77"]
    assert used_bills(spent(api, f"coupons_end_id={last - 1}&type=COUPONS")) == ["T-78", "T-77"]


# --- customer/transactions


def test_a_bill_has_the_coupons_that_were_redeemed_with_it(
    api: Api, shops: Shops, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    holder = holder_of(shops)
    bill, other = (buy(holder.customer, shops.blr, when) for when in ("2026-01-05 12:00:00", "2026-01-06 12:00:00"))
    use = note_use(holder.fresh, shops.blr, "2026-01-05 06:30:00", bill=bill)
    api.call("GET", "transactions", "mobile=919812345678")
    with django_assert_num_queries(READ_STATEMENTS):
        answer = api.call("GET", "transactions", "mobile=919812345678")
    rows = {row["id"]: row["coupons"] for row in answer.customer["transactions"]["transaction"]}
    assert rows == {
        str(bill.pk): [
            {
                "id": str(use.pk), "code": "FRESH", "series_id": str(holder.series.series.pk), "description": "Ten percent off",
                "discount_code": "CT10", "discount_type": "PERC",
            }
        ],
        str(other.pk): [],
    }  # fmt: skip
