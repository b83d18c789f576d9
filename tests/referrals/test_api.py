"""customer/referrals (docs/protocol.md 4.11): every code over HTTP."""

from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone
from psycopg.errors import LockNotAvailable, NumericValueOutOfRange
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from engagement.coupons.models import Coupon
from engagement.events.models import DeferredEvent
from referrals.campaigns.models import ReferralCampaign
from referrals.invitations import inviting
from referrals.invitations.models import Invitation
from referrals.referral_codes import services as referral_codes
from referrals.referral_codes.models import ReferralCode
from referrals.rewards.models import Reward
from referrals.statistics import sections
from tests.api import Answer, Api
from tests.factories.bills import buy
from tests.factories.coupons import open_series, use
from tests.factories.locations import till_actor
from tests.factories.referrals import Friends, open_campaign
from tests.reads import READ_STATEMENTS
from use_cases import referring
from use_cases.deferred_events import work_deferred_events

pytestmark = pytest.mark.django_db
ASHA = "mobile=9812345678"


def row(identifier: str = "9812300001", **more: Any) -> dict[str, Any]:
    return {"id": "7", "name": "Ravi", "identifier": identifier, "invited_on": "2026-01-05T10:00:00", **more}


def item(*rows: dict[str, Any], kind: str = "MOBILE", who: str = "9812345678", **more: Any) -> dict[str, Any]:
    return {"mobile": who, "referrals": {**more, "referral_type": [{"type": kind, "referral": list(rows)}]}}


def invite(api: Api, *items: dict[str, Any], query: str = "", **headers: str) -> Answer:
    return api.call("POST", "referrals", query, {"root": {"customer": list(items)}}, **headers)


def read(api: Api, query: str = "", who: str = ASHA) -> Answer:
    return api.call("GET", "referrals", f"{who}&{query}")


def code_of(answer: Answer) -> str:
    code: str = answer.customer["item_status"]["code"]
    return code


def statuses(answer: Answer) -> list[tuple[str, str]]:
    kinds = answer.item["referrals"]["referral_type"]
    return [(row["status"]["success"], row["status"]["code"]) for kind in kinds for row in kind["referral"]]


# --- inviting


def test_an_invitation_is_stored_and_printed(api: Api, friends: Friends) -> None:
    current = open_campaign(friends.organization)
    answer = invite(api, item(row(), campaign_token="FRIENDS"), query="user_id=true")
    assert answer.status == {"success": "true", "code": 200, "message": "SUCCESS"}
    assert answer.item == {
        "email": "asha@example.com", "mobile": "919812345678", "external_id": None, "id": str(friends.asha.pk),
        "firstname": "Asha", "lastname": "",
        "referrals": {
            "referral_type": [
                {
                    "type": "MOBILE",
                    "referral": [
                        {**row(), "status": {"success": "true", "code": "1000", "message": "Refer was successful"}}
                    ],
                }
            ]
        },
        "item_status": {
            "success": "true", "code": "1000", "message": "Referrals are invited successfully", "warnings": {"warning": []},
        },
    }  # fmt: skip
    stored = Invitation.objects.get()
    assert (stored.campaign, stored.customer, stored.identifier, stored.name) == (
        current.campaign, friends.asha, "919812300001", "Ravi",
    )  # fmt: skip


def test_an_invitation_is_stored_once(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    answer = invite(api, item(row(), row("+91 98123-00001", name="R")), item(row(name="Other")))
    assert answer.codes == ["1000", "1000"]
    assert Invitation.objects.get().name == "Ravi"


def test_a_key_keeps_invitations_from_being_made_twice(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    first = invite(api, item(row()), Idempotency_Key="k")
    assert (first.code, invite(api, item(row()), Idempotency_Key="k").is_replayed) == ("1000", True)


def test_sms_is_mobile_and_a_date_is_now(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    answer = invite(api, item(row(invited_on=""), kind="sms"))
    (kind,) = answer.item["referrals"]["referral_type"]
    assert (kind["type"], len(kind["referral"][0]["invited_on"])) == ("MOBILE", 19)


def test_rows_fail_on_their_own(api: Api, friends: Friends) -> None:
    friends.register(mobile="9812300009")
    open_campaign(friends.organization)
    answer = invite(api, item(row(), row("12ab"), row("9812300009")))
    assert (answer.code, statuses(answer)) == ("1000", [("true", "1000"), ("false", "1001"), ("false", "1204")])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (item(row("12ab")), "1001"),
        (item(row("no-address"), kind="EMAIL"), "1002"),
        (item(row(), kind="FAX"), "1206"),
        (item(kind="FAX"), "1206"),
        (item(row(), campaign_token="NOSUCH"), "1202"),
        (item(row(), campaign_token="MAILING"), "1203"),
        (item(row(), campaign_token="OVER"), "1203"),
        (item(row(), campaign_token="LATER"), "1203"),
        (item(row(), campaign_token="OFF"), "1203"),
        (item(row("asha2@example.com"), kind="EMAIL", campaign_token="BY_MOBILE"), "1206"),
        (item(row("9812345678")), "1204"),
        (item(), "400"),
        ({"mobile": "9812345678"}, "400"),
        (item(*[row()] * 101), "400"),
        (item(row(), who="9812399998"), "1012"),
        (item(row(), who="12ab"), "1042"),
        ({**item(row()), "mobile": ""}, "1015"),
        ({"id": "999999", **item(row(), who="")}, "1011"),
        ({"id": "x", **item(row(), who="")}, "400"),
    ],
)
def test_an_item_is_refused(api: Api, friends: Friends, sent: dict[str, Any], code: str) -> None:
    open_campaign(friends.organization)
    more = {"default": False}
    open_campaign(friends.organization, "MAILING", kind="BULK", **more)
    open_campaign(friends.organization, "OVER", ends="2019-12-31", **more)
    open_campaign(friends.organization, "LATER", starts="2099-12-31", **more)
    open_campaign(friends.organization, "OFF", active=False, **more)
    open_campaign(friends.organization, "BY_MOBILE", channels=["MOBILE"], **more)
    answer = invite(api, sent)
    assert (answer.code, answer.status["code"]) == (code, 500)
    assert not Invitation.objects.exists()


def test_an_organization_without_a_default_campaign_is_1203(api: Api) -> None:
    assert invite(api, item(row())).code == "1203"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fraud_status": "CONFIRMED"}, "618"),
        ({"type": "NON_LOYALTY"}, "1013"),
        ({"test_control_status": "CONTROL"}, "1204"),
    ],
)
def test_a_customer_who_may_not_refer(api: Api, friends: Friends, change: dict[str, str], code: str) -> None:
    open_campaign(friends.organization)
    Customer.objects.filter(pk=friends.asha.pk).update(**change)
    assert invite(api, item(row())).code == code
    assert invite(api, item(row(), campaign_token="NOSUCH")).code == ("1202" if code == "1204" else code)


def test_a_label_that_forbids_promotions_is_618(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    friends.organization.flags = {"CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": 1}
    friends.organization.save()
    label = CustomerStatus.objects.create(
        organization=friends.organization, status="SUSPENDED", label="Paused", blocks=["promotions"]
    )
    Customer.objects.filter(pk=friends.asha.pk).update(status_label=label)
    assert invite(api, item(row())).code == "618"


def test_existing_customers_may_be_invited_if_the_campaign_allows(api: Api, friends: Friends) -> None:
    friends.register(mobile="9812300001")
    open_campaign(friends.organization, allow_existing_customers=True)
    assert invite(api, item(row())).code == "1000"


def test_some_fail(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    answer = invite(api, item(row()), item(row(), kind="FAX"))
    assert (answer.status["code"], answer.codes) == (201, ["1000", "1206"])


def test_the_batch_has_a_limit_and_needs_an_item(api: Api) -> None:
    assert invite(api, *[item(row())] * 101).status["code"] == 1060
    assert invite(api).status["code"] == 400


def test_a_failure_of_the_database_is_1222(api: Api, friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    open_campaign(friends.organization)
    monkeypatch.setattr(inviting, "invite", fail)
    answer = invite(api, item(row()))
    assert (answer.code, answer.message) == ("1222", "Internal error occurred with the referral system.")


def test_invitations_in_xml(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    body = (
        "<root><customer><mobile>9812345678</mobile><referrals><referral_type><type>SMS</type>"
        "<referral><name>Ravi</name><identifier>9812300001</identifier></referral></referral_type></referrals></customer></root>"
    )
    answer = api.call("POST", "referrals", "format=xml", body, Content_Type="application/xml")
    root = answer.xml
    assert root.findtext("customers/customer/referrals/referral_type/referral/status/code") == "1000"
    assert root.findtext("customers/customer/referrals/referral_type/type") == "MOBILE"


def test_a_merged_referrer_is_the_survivor(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    second = friends.register(mobile="9812399999").customer
    friends.merge(second)
    answer = invite(api, item(row(), who="9812399999"))
    assert (answer.item["mobile"], answer.warnings) == ("919812345678", ["91009"])


# --- registering with a code


def test_an_add_prints_the_effects_of_a_referral(api: Api, friends: Friends) -> None:
    open_series(friends.organization, valid_till="2035-06-30")
    current = open_campaign(friends.organization, referee_reward={"points": 30, "coupon_series": "TENTH"})
    answer = api.add(mobile="9812300001", referral_code=friends.code(current), query="rawSideEffects=true")
    own, coupon, referrer = answer.item["side_effects"]["effect"]
    assert own == {
        "awarded_points": 30, "total_points": 30, "customer_id": str(answer.item["user_id"]), "type": "points",
    }  # fmt: skip
    assert {key: coupon[key] for key in ("type", "coupon_code", "valid_till", "discount_value")} == {
        "type": "coupon", "coupon_code": Coupon.objects.get().code, "valid_till": "2035-06-30 23:59:59", "discount_value": "10",
    }  # fmt: skip
    assert referrer == {
        "awarded_points": 100, "customer_id": str(friends.asha.pk), "type": "points", "is_referrer": "true",
    }  # fmt: skip
    assert [effect["isReferrer"] for effect in answer.item["rawSideEffects"]] == ["false", "true"]


def test_an_add_whose_referrer_has_all_rewards_is_1097(api: Api, friends: Friends) -> None:
    code = friends.code(open_campaign(friends.organization, max_rewards=1))
    assert api.add(mobile="9812300001", referral_code=code).warnings == []
    assert api.add(mobile="9812300002", referral_code=code).warnings == ["1097"]


def test_an_update_that_converts_a_referee_may_be_1097(api: Api, friends: Friends) -> None:
    code = friends.code(open_campaign(friends.organization, max_rewards=1))
    api.add(mobile="9812300001", referral_code=code)
    api.add(mobile="9812300002", referral_code=code, type="NON_LOYALTY")
    assert api.update(mobile="9812300002", type="LOYALTY").warnings == ["1097"]


def test_codes_that_lead_to_no_referrer_are_1009(api: Api, friends: Friends) -> None:
    """Unknown, the own one, that of a customer below, and that of a referrer who may not refer (docs/protocol.md 4.11)."""
    current = open_campaign(friends.organization, allow_existing_customers=True)
    code = friends.code(current)
    ravi = friends.refer(current).customer
    below = friends.code(current, ravi)
    Customer.objects.filter(pk=ravi.pk).update(fraud_status="NONE")
    sent = [("9812300002", "NOBODY"), ("9812345678", code), ("9812345678", below)]
    assert [api.add(mobile=mobile, referral_code=given).warnings for mobile, given in sent] == [["1009"]] * 3
    Customer.objects.filter(pk=friends.asha.pk).update(fraud_status="CONFIRMED")
    assert api.add(mobile="9812300003", referral_code=code).warnings == ["1009"]


def test_rewards_of_a_replayed_add_are_given_by_a_worker(api: Api, friends: Friends) -> None:
    code = friends.code(open_campaign(friends.organization))
    body = {"root": {"customer": [{"mobile": "9812300001", "referral_code": code}]}}
    answer = api.call("POST", "add", "", body, X_CAP_DIRECT_REPLAY="true")
    referee = Customer.objects.latest("pk")
    assert (answer.code, friends.points()) == ("1000", 0)
    assert work_deferred_events(friends.organization, referee.pk) >= 1
    assert friends.points() == 100


def test_a_replayed_add_with_an_unknown_code_leaves_no_rewards(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    body = {"root": {"customer": [{"mobile": "9812300001", "referral_code": "NOBODY"}]}}
    assert api.call("POST", "add", "", body, X_CAP_DIRECT_REPLAY="true").warnings == ["1009"]
    assert not DeferredEvent.objects.filter(kind=referring.REFERRAL).exists()


def test_a_failing_ledger_leaves_rewards_to_a_worker(api: Api, friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DataError from NumericValueOutOfRange

    code = friends.code(open_campaign(friends.organization))
    with monkeypatch.context() as patched:
        patched.setattr(referring, "reward_events", fail)
        assert api.add(mobile="9812300001", referral_code=code).warnings == ["1087"]
    assert work_deferred_events(friends.organization, Customer.objects.latest("pk").pk) == 1
    assert friends.points() == 100


# --- reading


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
