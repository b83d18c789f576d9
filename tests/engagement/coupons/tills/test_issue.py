"""coupon/issue (docs/protocol.md, tills' part 5.3)."""

import re
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.coupons.models import Coupon
from organizations.credentials.tokens import issue_token
from tests.api import Api
from tests.engagement.coupons.tills.calls import ASHA, NOBODY, code_of, issue, send, warnings_of
from tests.engagement.shops import Shops
from tests.factories.coupons import CouponSeriesVersionFactory, open_series
from tests.factories.credentials import ApiClientFactory
from tests.factories.customers import IdentifierFactory
from tests.factories.locations import till_actor
from tests.factories.statuses import CustomerStatusFactory, label
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db


@time_machine.travel("2026-05-01T20:00:00Z", tick=False)
def test_a_coupon(api: Api, shops: Shops, asha: Customer) -> None:
    series = open_series(shops.organization, valid_days=30, discount_value="7.50", discount_type="FLAT", max_discount=20).series
    IdentifierFactory(customer=asha, kind="external_id", value="E-1")
    answer = send(api, "issue", {"series_id": "TENTH", "customer": ASHA})
    item = answer.response["coupon"]
    assert answer.status == {"success": "true", "code": 200, "message": "Success"}
    assert re.fullmatch(r"[A-Z2-9]{8}", item["code"])
    assert item == {
        "code": Coupon.objects.get().code,
        "series_id": str(series.pk),
        "description": "Ten percent off",
        "discount_code": "CT10",
        # The day in the organization's zone, where it was the 2nd already.
        "valid_till": "2026-06-01",
        "discount_type": "ABS",
        "discount_value": "7.5",
        "discount_upto": "20",
        "discount_on": "BILL",
        "detailed_info": "",
        "customer": {"mobile": "919812345678", "email": "", "external_id": "E-1"},
        "item_status": {
            "success": "true",
            "code": 700,
            "message": "Coupon processing successful",
            "warnings": {"warning": []},
        },
    }


def test_the_id_of_the_customer_is_printed_if_it_is_asked_for(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    assert issue(api, query="user_id=true")["customer"]["user_id"] == str(asha.pk)
    assert "user_id" not in issue(api, query="user_id=false")["customer"]


def test_a_failed_item_has_the_keys_that_clients_read(api: Api, shops: Shops, asha: Customer) -> None:
    answer = send(api, "issue", {"id": 4711, "customer": {"card_details": {"card_number": "C1"}, "card_number": "C1"}})
    item = answer.response["coupon"]
    assert (answer.http.status_code, answer.status["code"], code_of(item)) == (200, 500, 707)
    assert {key for key, value in item.items() if value == ""} == {
        "code", "description", "discount_code", "valid_till", "discount_type", "discount_value", "detailed_info",
    }  # fmt: skip
    assert (item["series_id"], item["discount_upto"], item["discount_on"]) == ("4711", "0", "BILL")
    assert item["customer"] == {"mobile": "", "email": "", "external_id": "", "card_number": "C1"}


def test_an_item_that_is_no_object_has_them_too(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    bad, good = send(api, "issue", "x", {"series_id": "TENTH", "customer": ASHA}).response["coupon"]
    assert (code_of(bad), bad["code"], bad["valid_till"], bad["series_id"]) == (400, "", "", "")
    assert code_of(good) == 700


@pytest.mark.parametrize("sent", [{"series_id": ["A", "B"]}, {"series_id": "TENTH", "customer": {"id": ["1"]}}])
def test_lists_in_place_of_values_are_400(api: Api, shops: Shops, sent: dict[str, Any]) -> None:
    assert code_of(send(api, "issue", sent).response["coupon"]) == 400


def test_one_coupon_is_an_object_and_several_are_a_list_in_order(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    body = {"coupon": {"series_id": "TENTH", "customer": ASHA}}
    assert code_of(api.call("POST", "issue", "", body, entity="coupon").response["coupon"]) == 700
    items = [{"series_id": series, "customer": ASHA} for series in ("TENTH", "NOSUCH", "TENTH")]
    answer = send(api, "issue", *items)
    assert answer.status["code"] == 201
    assert [code_of(item) for item in answer.response["coupon"]] == [700, 707, 700]


def test_more_coupons_than_the_limit_are_1060(api: Api, shops: Shops) -> None:
    shops.organization.flags = {"BATCH_LIMIT": 2}
    shops.organization.save()
    answer = send(api, "issue", {}, {}, {})
    assert (answer.http.status_code, answer.status["code"]) == (400, 1060)


def test_a_series_is_named_by_external_id_then_id_then_code(api: Api, shops: Shops, asha: Customer) -> None:
    plain = open_series(shops.organization, "PLAIN").series
    known = open_series(shops.organization, "KNOWN").series
    known.external_id = plain.pk
    known.save()
    by_number = issue(api, str(plain.pk))
    assert (code_of(by_number), by_number["series_id"]) == (700, str(known.pk))
    assert issue(api, str(known.pk))["series_id"] == str(known.pk)
    assert issue(api, "PLAIN")["series_id"] == str(plain.pk)
    assert code_of(issue(api, "")) == 707


def test_codes_of_the_customer(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    assert [code_of(issue(api, customer=customer)) for customer in (NOBODY, {}, None, {"mobile": "12"})] == [701] * 4
    Customer.objects.update(fraud_status=Customer.FraudStatus.INTERNAL)
    assert code_of(issue(api)) == 750
    label(asha, CustomerStatusFactory(organization=shops.organization, blocks=["coupon_issue"]))
    assert code_of(issue(api)) == 742
    assert Customer.objects.count() == 1


def test_codes_of_series_and_limits(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization, "PAST", valid_till="2021-06-30")
    open_series(shops.organization, "OFF", is_active=False)
    open_series(shops.organization, "SCARCE", max_coupons=1)
    open_series(shops.organization, "SINGLE", max_per_customer=1)
    assert [code_of(issue(api, series)) for series in ("PAST", "OFF")] == [712, 712]
    assert [code_of(issue(api, "SCARCE")) for _ in range(2)] == [700, 712]
    assert [code_of(issue(api, "SINGLE")) for _ in range(2)] == [700, 722]
    assert code_of(issue(api, "SINGLE", external_reference_number="x" * 101)) == 709


def test_the_same_reference_gets_the_first_coupon_again(api: Api, shops: Shops, asha: Customer) -> None:
    first_terms = open_series(shops.organization)
    open_series(shops.organization, "OTHER")
    first = issue(api, external_reference_number="R1")
    newer = {"discount_type": "FLAT", "discount_value": 1}
    CouponSeriesVersionFactory(series=first_terms.series, number=2, terms=newer)
    again = issue(api, external_reference_number="R1")
    assert again == first
    assert code_of(issue(api, "OTHER", external_reference_number="R1")) == 722
    assert issue(api)["code"] != first["code"]
    assert Coupon.objects.count() == 2


def test_a_key_issues_each_item_once(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    items = [{"series_id": "TENTH", "customer": ASHA}] * 2
    first, again = (send(api, "issue", *items, key="K1") for _ in range(2))
    assert (again.is_replayed, again.response, Coupon.objects.count()) == (True, first.response, 2)


def test_a_till_names_no_other_till(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    assert warnings_of(issue(api, till_id=shops.delhi.code)) == []
    assert Coupon.objects.get().till == shops.blr


def test_a_client_names_the_till_of_an_item(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    token = f"Bearer {issue_token(ApiClientFactory(till=shops.blr))}"
    items = [{"series_id": "TENTH", "customer": ASHA, "till_id": till} for till in (shops.delhi.code, "nowhere", "0")]
    body = {"root": {"coupon": items}}
    answer = api.call("POST", "issue", "", body, entity="coupon", Authorization=token)
    assert [warnings_of(item) for item in answer.response["coupon"]] == [[], ["91020"], []]
    assert [coupon.till for coupon in Coupon.objects.order_by("pk")] == [shops.delhi, shops.blr, shops.blr]


def test_a_merged_customers_reference_leads_to_the_survivor(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    victim = shops.customer("919812345679")
    merge_customers(survivor=asha.pk, victim=victim.pk, by=till_actor(shops.blr))
    for _ in range(2):
        item = issue(api, customer={"id": victim.pk}, query="user_id=true", external_reference_number="R1")
        assert (code_of(item), warnings_of(item), item["customer"]["user_id"]) == (700, ["91009"], str(asha.pk))


def test_xml_in_and_out(api: Api, shops: Shops, asha: Customer) -> None:
    open_series(shops.organization)
    coupon = "<coupon><series_id>TENTH</series_id><customer><mobile>9812345678</mobile></customer></coupon>"
    for count in (1, 2):
        answer = api.call("POST", "issue", "", f"<root>{coupon * count}</root>", entity="coupon", Content_Type="text/xml")
        assert [tag.findtext("item_status/code") for tag in answer.xml.findall("coupon")] == ["700"] * count


@pytest.mark.parametrize(("count", "statements"), [(1, 13), (3, 37)])
def test_an_issue_costs_its_statements(
    api: Api, shops: Shops, asha: Customer, count: int, statements: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    open_series(shops.organization)
    issue(api)
    items = [{"series_id": "TENTH", "customer": ASHA}] * count
    with django_assert_num_queries(statements):
        answer = send(api, "issue", *items)
    assert answer.status["code"] == 200
