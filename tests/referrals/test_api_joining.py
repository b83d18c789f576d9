"""Referral codes in customer/add and customer/update (docs/protocol.md 4.1, 4.11)."""

import pytest
from django.db import DataError
from psycopg.errors import NumericValueOutOfRange

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from engagement.coupons.models import Coupon
from engagement.events.models import DeferredEvent
from tests.api import Api
from tests.factories.coupons import open_series
from tests.factories.referrals import Friends, open_campaign
from use_cases import referring
from use_cases.deferred_events import work_deferred_events

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("status", ["DELETED", "PENDING_DELETION"])
def test_the_code_of_a_referrer_who_leaves_is_1009(api: Api, friends: Friends, status: str) -> None:
    code = friends.code(open_campaign(friends.organization))
    friends.organization.flags = {"CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": 1}
    friends.organization.save()
    label = CustomerStatus.objects.create(organization=friends.organization, status=status, label="Leaves", blocks=[])
    Customer.objects.filter(pk=friends.asha.pk).update(status_label=label)
    assert api.add(mobile="9812300001", referral_code=code).warnings == ["1009"]


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
