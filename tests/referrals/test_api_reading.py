"""GET customer/referrals (docs/protocol.md 4.11): every code over HTTP."""

import pytest
from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import LockNotAvailable
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.coupons.models import Coupon
from referrals.campaigns.models import ReferralCampaign
from referrals.referral_codes import services as referral_codes
from referrals.referral_codes.models import ReferralCode
from referrals.rewards.models import Reward
from referrals.statistics import sections
from tests.api import Api
from tests.factories.bills import buy
from tests.factories.coupons import open_series, use
from tests.factories.locations import till_actor
from tests.factories.referrals import Friends, open_campaign
from tests.reads import READ_STATEMENTS
from tests.referrals.calls import ASHA, code_of, invite, item, read, row

pytestmark = pytest.mark.django_db


def test_the_code_is_made_when_it_is_first_read(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    answer = read(api)
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert answer.customer == {
        "email": "asha@example.com", "mobile": "919812345678", "external_id": None, "firstname": "Asha", "lastname": "",
        "referral_code": ReferralCode.objects.get().code, "invitees": {"referral_type": []}, "referees": {"referee": []},
        "incentives": [],
        "item_status": {
            "success": "true", "code": "1000", "message": "Referral statistics retrieved successfully",
            "warnings": {"warning": []},
        },
    }  # fmt: skip
    assert read(api).customer["referral_code"] == answer.customer["referral_code"]


def test_the_code_alone(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    customer = read(api, "only_referral_code=true").customer
    assert customer["referral_code"]
    assert not {"invitees", "referees", "incentives"} & customer.keys()


def test_the_statistics_of_a_referrer(api: Api, friends: Friends) -> None:
    open_series(friends.organization, valid_till="2035-06-30")
    current = open_campaign(
        friends.organization, reward_on=["REGISTRATION", "TRANSACTION"], referrer_reward={"coupon_series": "TENTH"}
    )
    invite(api, item(row(), row("9812300002")))
    referee = friends.refer(current, firstname="Ravi").customer
    buy(referee, friends.till, when="2026-05-01 12:00:00")
    use(Coupon.objects.earliest("pk"), till_actor(friends.till))
    customer = read(api, "user_id=true").customer
    (kind,) = customer["invitees"]["referral_type"]
    first, second = kind["invitee"]
    till = {"code": "blr.till1", "name": "Bengaluru till 1"}
    assert first == {
        "identifier": "919812300001", "name": "Ravi", "invited_on": "2026-01-05 10:00:00.0", "till": till, "success": "true",
    }  # fmt: skip
    assert "success" not in second
    bought, registered = customer["referees"]["referee"]
    assert bought == {
        "event_type": "TRANSACTION", "user_id": str(referee.pk), "firstname": "Ravi", "lastname": "",
        "mobile": "919812300001", "email": None, "external_id": None, "added_on": "2026-05-01 12:00:00",
    }  # fmt: skip
    assert registered["event_type"] == "REGISTRATION"
    events = customer["incentives"]["event_type"]
    assert [event["name"] for event in events] == ["REGISTRATION", "TRANSACTION"]
    (used,), (fresh,) = (event["coupons"]["coupon"] for event in events)
    assert used["redemption_info"]["redeemed"] == "true"
    assert used["redemption_info"]["redeemed_on"]
    assert fresh == {
        "code": Coupon.objects.latest("pk").code, "valid_till": "2035-06-30 23:59:59", "value": "10",
        "redemption_info": {"redeemed": "false", "redeemed_on": ""},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["919812300001", "919812300002"]),
        ("sort_order=desc", ["919812300002", "919812300001"]),
        ("limit=1", ["919812300001"]),
        ("start_date=2026-02-01", ["919812300002"]),
        ("end_date=2026-01-05", ["919812300001"]),
        ("end_date=2026-01-05+09:59:59", []),
        ("store_code=blr", ["919812300001", "919812300002"]),
        ("store_code=del", ["ravi@example.com"]),
        ("store_code=web", []),
        ("store_code=ALL", ["919812300001", "919812300002", "ravi@example.com"]),
        ("start_date=0&end_date=&order_by=x", ["919812300001", "919812300002"]),
    ],
)
def test_filters_and_order(api: Api, friends: Friends, query: str, expected: list[str]) -> None:
    open_campaign(friends.organization)
    invite(api, item(row(), row("9812300002", invited_on="2026-02-01 00:00:00")))
    invite(Api(friends.other), item(row("ravi@example.com", invited_on="2026-03-01"), kind="EMAIL"))
    kinds = read(api, query).customer["invitees"]["referral_type"]
    assert [row["identifier"] for kind in kinds for row in kind["invitee"]] == expected


@pytest.mark.parametrize("query", ["limit=x", "start_date=noon", "sort_order=up", "store_code=nowhere"])
def test_unreadable_parameters_are_400(api: Api, friends: Friends, query: str) -> None:
    open_campaign(friends.organization)
    assert code_of(read(api, query)) == "400"


def test_reads_of_campaigns_that_cannot_be_used(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization, "OVER", ends="2019-12-31")
    assert code_of(read(api, "campaign_token=NOSUCH")) == "1202"
    assert code_of(read(api)) == "1203"
    ReferralCampaign.objects.all().update(is_default=False)
    assert code_of(read(api)) == "1203"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fraud_status": "CONFIRMED"}, "1205"),
        ({"type": "NON_LOYALTY"}, "1013"),
        ({"test_control_status": "CONTROL"}, "1204"),
    ],
)
def test_customers_who_get_no_code(api: Api, friends: Friends, change: dict[str, str], code: str) -> None:
    open_campaign(friends.organization)
    Customer.objects.filter(pk=friends.asha.pk).update(**change)
    assert code_of(read(api)) == code
    assert not ReferralCode.objects.exists()


def test_reads_of_a_referrer_who_has_a_code_are_never_blocked(api: Api, friends: Friends) -> None:
    code = friends.code(open_campaign(friends.organization))
    Customer.objects.filter(pk=friends.asha.pk).update(fraud_status="CONFIRMED")
    assert read(api).customer["referral_code"] == code


def test_refusals_of_reads(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    assert code_of(read(api, who="mobile=9812399998")) == "1012"
    assert code_of(read(api, who="mobile=12ab")) == "1042"
    assert code_of(read(api, who="id=999999")) == "1011"
    assert code_of(read(api, who="mobile=")) == "1015"
    assert read(api, who="x=1").status["code"] == 400
    assert read(api, who=f"mobile={','.join(['9812345678'] * 101)}").status["code"] == 1060
    assert code_of(read(Api(friends.other), "member_care_access=true")) == "1044"


def test_a_merged_customer_is_answered_by_the_survivor(api: Api, friends: Friends) -> None:
    current = open_campaign(friends.organization)
    second = friends.register(mobile="9812399999").customer
    friends.register(mobile="9812300001", referral_code=friends.code(current, second))
    code = friends.code(current)
    friends.merge(second)
    answer = read(api, "store_code=all", who="mobile=9812399999")
    assert answer.customer["item_status"]["warnings"] == {"warning": ["91009"]}
    assert (answer.customer["referral_code"], len(answer.customer["referees"]["referee"])) == (code, 1)


def test_several_customers_are_a_list(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    friends.register(mobile="9812300001")
    answer = read(api, who="mobile=9812345678,9812300001,9812399998")
    assert [customer["item_status"]["code"] for customer in answer.customers] == ["1000", "1000", "1012"]
    assert answer.status["code"] == 201


def test_a_failing_section_is_1222(api: Api, friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    friends.code(open_campaign(friends.organization))
    monkeypatch.setattr(sections, "_CODE", "(SELECT 1 / 0)::text")
    sections._section.cache_clear()
    try:
        assert code_of(read(api)) == "1222"
    finally:
        sections._section.cache_clear()


def test_a_random_source_that_repeats_itself_is_1222(api: Api, friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    open_campaign(friends.organization)
    other = friends.register(mobile="9812300001").customer
    ReferralCode.objects.create(
        organization=friends.organization, campaign=ReferralCampaign.objects.get(), customer=other, code="AAAAAAAAAA",
        made_at=timezone.now(),
    )  # fmt: skip
    monkeypatch.setattr(referral_codes, "draw_code", lambda: "AAAAAAAAAA")
    assert code_of(read(api)) == "1222"


def test_a_code_that_cannot_be_made_in_time_is_1222(api: Api, friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("busy") from LockNotAvailable("busy")

    open_campaign(friends.organization)
    monkeypatch.setattr(sections, "ensure_codes", busy)
    assert code_of(read(api)) == "1222"


@pytest.mark.parametrize("action", ["referrals", "coupons", "get"])
def test_what_is_due_is_given_before_it_is_read(api: Api, friends: Friends, action: str) -> None:
    open_series(friends.organization)
    friends.refer(open_campaign(friends.organization, waiting_days=1, referrer_reward={"coupon_series": "TENTH"}))
    read(api)
    assert not Coupon.objects.exists()
    Reward.objects.update(due_at=timezone.now())
    answer = api.call("GET", action, f"{ASHA}&coupons=true").http.content.decode()
    assert Coupon.objects.get().code in answer


@pytest.mark.parametrize("count", [1, 3])
def test_a_warm_read_costs_two_statements(
    api: Api, friends: Friends, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    current = open_campaign(friends.organization)
    for number in range(count):
        friends.refer(current, f"981230000{number}")
    friends.register(mobile="9812300019")
    query = "mobile=9812345678,9812300019"
    read(api, who=query)
    with django_assert_num_queries(READ_STATEMENTS):
        answer = read(api, who=query)
    assert len(answer.customers[0]["referees"]["referee"]) == count
