"""The identity guard: what holds a reward for review, and what does not."""

from typing import Any

import pytest

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.sources.models import SourceProfile
from referrals.guard.services import find_evidence
from referrals.links.models import ReferralLink
from referrals.rewards.models import Reward
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.referrals import Friends, open_campaign

pytestmark = pytest.mark.django_db


def evidence_of(friends: Friends, **referee: Any) -> list[str]:
    """The evidence against Ravi, who registers by Asha's code; what is held is not given."""
    registration = friends.refer(open_campaign(friends.organization), **{"firstname": "Ravi", **referee})
    reward = Reward.objects.get(link__referee=registration.customer)
    assert friends.points() == (0 if reward.evidence else 100)
    assert reward.state == ("HELD" if reward.evidence else "GIVEN")
    return list(reward.evidence)


def channel(kind: str, value: str) -> dict[str, Any]:
    return {"commChannels": [{"type": kind, "value": value}]}


def test_different_people_are_not_held(friends: Friends) -> None:
    assert evidence_of(friends, email="ravi@example.com") == []


@pytest.mark.parametrize("email", ["a.s.h.a@example.com", "asha+two@example.com", "as.ha+x+y@example.com"])
def test_an_aliased_address_is_held(friends: Friends, email: str) -> None:
    assert evidence_of(friends, email=email) == ["EMAIL"]


def test_googlemail_is_gmail(friends: Friends) -> None:
    friends.register(mobile="9812345678", email="asha@example.com")
    Identifier.objects.filter(customer=friends.asha, kind="email").update(value="as.ha@googlemail.com")
    assert evidence_of(friends, email="asha@gmail.com") == ["EMAIL"]


def test_a_number_of_another_channel_is_held(friends: Friends) -> None:
    assert evidence_of(friends, **channel("WHATSAPP", "+91 98123 45678")) == ["MOBILE"]


def test_a_former_number_is_held(friends: Friends) -> None:
    Identifier.objects.create(
        organization=friends.organization, customer=friends.asha, kind="mobile", value="919812300001", state="FORMER",
        exclusive=False,
    )  # fmt: skip
    assert evidence_of(friends, mobile="9812300001") == ["MOBILE"]


def test_a_shared_card_is_held(friends: Friends) -> None:
    CardFactory(
        series=CardSeriesFactory(organization=friends.organization, code="OWN"), number="GOLD1", customer=friends.asha,
        status=Card.Status.ISSUED,
    )  # fmt: skip
    assert evidence_of(friends, **channel("CARD_NUMBER", "GOLD1")) == ["CARD"]


def test_an_account_at_a_source_is_held(friends: Friends) -> None:
    friends.register(mobile="9812345678", **channel("WECHAT", "openid-1"))
    assert evidence_of(friends, **channel("WECHAT", "openid-1")) == ["SOURCE_ACCOUNT"]


@pytest.mark.parametrize(("name", "expected"), [("Asha", ["SOURCE_ACCOUNT"]), ("Ravi", [])])
def test_the_same_source_is_held_with_the_same_name_alone(friends: Friends, name: str, expected: list[str]) -> None:
    link = friends.refer(open_campaign(friends.organization), firstname=name).customer.referrer_links.get()
    for customer in (friends.asha, link.referee):
        SourceProfile.objects.create(organization=friends.organization, customer=customer, source="FACEBOOK", account="shop")
    assert find_evidence([link.pk]).get(link.pk, []) == expected


def test_a_ring_is_held(friends: Friends) -> None:
    """Asha refers Ravi, who refers Asha's second account."""
    current = open_campaign(friends.organization)
    ravi = friends.refer(current).customer
    second = friends.register(
        mobile="9812300002", email="asha+2@example.com", referral_code=friends.code(current, ravi)
    ).customer
    assert Reward.objects.get(link__referee=second).evidence == ["EMAIL"]
    assert friends.points(ravi) == 0


def test_two_referees_who_are_one_person_are_held(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    friends.refer(current, "9812300001", email="ravi@example.com")
    second = friends.refer(current, "9812300002", email="ravi+2@example.com").customer
    assert Reward.objects.get(link__referee=second).evidence == ["EMAIL"]


def test_accounts_that_were_merged_are_held(friends: Friends) -> None:
    referee = friends.refer(open_campaign(friends.organization)).customer
    friends.merge(referee)
    link = ReferralLink.objects.get()
    assert find_evidence([link.pk]) == {link.pk: ["MERGED"]}


def test_nothing_is_asked_for_nothing(friends: Friends) -> None:
    assert find_evidence([]) == {}
    assert Customer.objects.count() == 1
