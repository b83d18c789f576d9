"""Referrers whose personal data was erased: they refer nobody, and get nothing that was waiting for them."""

from datetime import timedelta

import pytest
import time_machine

from loyalty_project import clock
from loyalty_project.db.trusted_time import forget_database_time
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from referrals.links.models import RefereeEvent, ReferralLink
from referrals.referral_codes.models import ReferralCode
from referrals.rewards.decisions import RewardStateError, approve_reward, reject_reward
from referrals.rewards.models import Reward
from referrals.rewards.services import give_due_rewards
from tests.api import Api
from tests.factories.bills import buy
from tests.factories.coupons import open_series
from tests.factories.locations import till_actor
from tests.factories.referrals import Friends, open_campaign
from tests.referrals.calls import code_of, read
from use_cases.erasure import erase_customer

pytestmark = pytest.mark.django_db
BOTH = {"points": 100, "coupon_series": "TENTH"}
FORBIDDEN = "points: the customer's status forbids them; coupon: Customer is marked as fraud"


def erase(friends: Friends) -> None:
    """Erase Asha."""
    erase_customer(friends.asha.pk, basis="request of the person", by=command_actor("erase_customer", friends.organization))


def nothing_came(friends: Friends) -> bool:
    return friends.points() == 0 and not friends.asha.coupons.exists()


def test_the_code_of_an_erased_referrer_is_1009(api: Api, friends: Friends) -> None:
    code = friends.code(open_campaign(friends.organization))
    erase(friends)
    assert api.add(mobile="9812300001", referral_code=code).warnings == ["1009"]
    assert not ReferralLink.objects.exists()


def test_the_code_of_one_who_was_merged_into_an_erased_one_is_1009(api: Api, friends: Friends) -> None:
    second = friends.register(mobile="9812399999").customer
    code = friends.code(open_campaign(friends.organization), second)
    friends.merge(second)
    erase(friends)
    assert api.add(mobile="9812300001", referral_code=code).warnings == ["1009"]


def test_an_erased_customer_gets_no_code(api: Api, friends: Friends) -> None:
    open_campaign(friends.organization)
    erase(friends)
    assert code_of(read(api, who=f"id={friends.asha.pk}")) == "1205"
    assert not ReferralCode.objects.exists()


def test_what_was_promised_before_the_erasure_is_not_given(friends: Friends) -> None:
    open_series(friends.organization)
    friends.refer(open_campaign(friends.organization, waiting_days=1, referrer_reward=BOTH))
    erase(friends)
    forget_database_time()
    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert sum(give_due_rewards(by=command_actor("give_referral_rewards", friends.organization))) == 0
    assert (friends.states(), Reward.objects.get().problem) == ([Reward.State.REFUSED], FORBIDDEN)
    assert nothing_came(friends)
    assert AuditEntry.objects.filter(object_type="reward", action="refused").exists()


def test_a_held_reward_of_an_erased_referrer_can_only_be_rejected(friends: Friends) -> None:
    friends.refer(open_campaign(friends.organization), email="asha+2@example.com")
    erase(friends)
    reward, by = Reward.objects.get(), till_actor(friends.till)
    with pytest.raises(RewardStateError, match="the customer's status forbids them"):
        approve_reward(reward.pk, reason="Two sisters", by=by)
    assert (friends.states(), nothing_came(friends)) == ([Reward.State.HELD], True)
    assert reject_reward(reward.pk, reason="Erased", by=by).state == Reward.State.REJECTED


def test_bills_after_the_erasure_bring_nothing_to_the_referrer(friends: Friends) -> None:
    open_series(friends.organization)
    current = open_campaign(
        friends.organization, reward_on=["TRANSACTION"], referrer_reward=BOTH, referee_reward={"points": 10}
    )
    referee = friends.refer(current).customer
    erase(friends)
    buy(referee, friends.till)
    assert RefereeEvent.objects.filter(kind="TRANSACTION").count() == 1
    assert (friends.states(), friends.states("REFEREE")) == ([Reward.State.REFUSED], [Reward.State.GIVEN])
    assert nothing_came(friends)
