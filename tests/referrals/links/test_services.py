"""Links of referees to their referrers: code 1009."""

import pytest

from customers.profile.models import Customer
from loyalty_project import clock
from referrals.campaigns.catalog import CampaignCatalog
from referrals.campaigns.models import ReferralCampaign
from referrals.invitations.models import Invitation
from referrals.links.models import ReferralLink
from referrals.links.services import LinkRequest, link_referees, links_of, referrers_of
from referrals.referral_codes.services import find_codes
from tests.factories.locations import till_actor
from tests.factories.referrals import Friends, open_campaign
from use_cases.registration import Registration

pytestmark = pytest.mark.django_db


def codes(registration: Registration) -> list[int]:
    return [int(notice.code) for notice in registration.notices]


def test_a_registration_with_a_code_is_linked(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    referee = friends.refer(current).customer
    link = ReferralLink.objects.get()
    assert (link.referrer, link.referee, link.version, link.is_new_customer) == (
        friends.asha, referee, current.version, True,
    )  # fmt: skip
    assert (link.till, link.store, link.made_by) == (friends.till, friends.till.store, "till:blr.till1")


def test_codes_are_found_without_case(friends: Friends) -> None:
    code = friends.code(open_campaign(friends.organization))
    assert codes(friends.register(mobile="9812300001", referral_code=f" {code.lower()} ")) == []


def test_an_unknown_code_is_1009(friends: Friends) -> None:
    open_campaign(friends.organization)
    assert codes(friends.register(mobile="9812300001", referral_code="NOBODY")) == [1009]
    assert not ReferralLink.objects.exists()


def test_ones_own_code_is_1009(friends: Friends) -> None:
    code = friends.code(open_campaign(friends.organization, allow_existing_customers=True))
    assert codes(friends.register(mobile="9812345678", referral_code=code)) == [1009]


def test_another_code_than_the_first_is_1009(friends: Friends) -> None:
    current = open_campaign(friends.organization, allow_existing_customers=True)
    friends.refer(current)
    other = friends.register(mobile="9812399999").customer
    assert codes(friends.register(mobile="9812300001", referral_code=friends.code(current, other))) == [1009]
    assert ReferralLink.objects.get().referrer == friends.asha


def test_existing_customers_are_linked_if_the_campaign_allows_them(friends: Friends) -> None:
    friends.register(mobile="9812300001")
    assert codes(friends.refer(open_campaign(friends.organization))) == [1009]
    assert codes(friends.refer(open_campaign(friends.organization, "ALL", default=False, allow_existing_customers=True))) == []
    assert not ReferralLink.objects.get().is_new_customer


def test_a_circle_is_1009(friends: Friends) -> None:
    """Asha refers Ravi, Ravi refers Mina, Mina cannot refer Asha."""
    current = open_campaign(friends.organization, allow_existing_customers=True)
    ravi = friends.refer(current).customer
    mina = friends.register(mobile="9812300002", referral_code=friends.code(current, ravi)).customer
    again = friends.register(mobile="9812345678", referral_code=friends.code(current, mina))
    assert codes(again) == [1009]
    assert codes(friends.register(mobile="9812345678", referral_code=friends.code(current, ravi))) == [1009]


def test_a_circle_through_merged_accounts_is_1009(friends: Friends) -> None:
    current = open_campaign(friends.organization, allow_existing_customers=True)
    second = friends.register(mobile="9812399999").customer
    ravi = friends.register(mobile="9812300001", referral_code=friends.code(current, second)).customer
    friends.merge(second)
    assert codes(friends.register(mobile="9812345678", referral_code=friends.code(current, ravi))) == [1009]


def test_a_circle_within_a_batch_is_1009(friends: Friends) -> None:
    current = open_campaign(friends.organization, allow_existing_customers=True)
    ravi = friends.register(mobile="9812300001").customer
    codes_of = {who.pk: friends.code(current, who) for who in (friends.asha, ravi)}
    results = friends.register_all(
        [
            {"mobile": "9812300001", "referral_code": codes_of[friends.asha.pk]},
            {"mobile": "9812345678", "referral_code": codes_of[ravi.pk]},
        ]
    )
    assert [codes(result) for result in results if isinstance(result, Registration)] == [[], [1009]]


@pytest.mark.parametrize(
    "change",
    [{"type": "NON_LOYALTY"}, {"fraud_status": "CONFIRMED"}, {"test_control_status": "CONTROL"}],
)
def test_a_referrer_who_may_not_refer_is_1009(friends: Friends, change: dict[str, str]) -> None:
    code = friends.code(open_campaign(friends.organization))
    Customer.objects.filter(pk=friends.asha.pk).update(**change)
    assert codes(friends.register(mobile="9812300001", referral_code=code)) == [1009]


def test_a_campaign_that_the_configuration_at_hand_lacks_is_1009(friends: Friends) -> None:
    """A call that began before the campaign was loaded, with a code that was made since."""
    shared = find_codes([friends.code(open_campaign(friends.organization))])
    customers = {pk: Customer.objects.get(pk=pk) for pk in (friends.asha.pk, friends.register(mobile="9812300001").customer.pk)}
    (code,), referee = shared.values(), customers[max(customers)]
    linked = link_referees(
        [LinkRequest(referee=referee, shared=code, is_new=True)],
        customers=customers,
        campaigns=CampaignCatalog(()),
        by=till_actor(friends.till),
        now=clock.now(),
    )
    assert linked == [None]


def test_a_campaign_that_does_not_run_is_1009(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    code = friends.code(current)
    ReferralCampaign.objects.update(is_active=False)
    assert codes(friends.register(mobile="9812300001", referral_code=code)) == [1009]


def test_the_code_of_a_merged_customer_leads_to_the_survivor(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    second = friends.register(mobile="9812399999").customer
    code = friends.code(current, second)
    friends.code(current)
    friends.merge(second)
    friends.register(mobile="9812300001", referral_code=code)
    assert (ReferralLink.objects.get().referrer, friends.points()) == (friends.asha, 100)


def test_a_code_of_a_customer_whom_the_item_merges_is_1009(friends: Friends) -> None:
    """The item's identifiers merge the referrer into the referee: nobody refers themselves."""
    current = open_campaign(friends.organization, allow_existing_customers=True)
    second = friends.register(mobile="9812399999", email="second@example.com").customer
    code = friends.code(current, second)
    merged = friends.register(mobile="9812345678", email="second@example.com", referral_code=code)
    assert codes(merged) == [1009, 91006]


def test_the_invitation_of_a_referee_is_marked(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    for value in ("919812300001", "919812300002"):
        Invitation.objects.create(
            organization=friends.organization, campaign=current.campaign, customer=friends.asha, channel="MOBILE",
            identifier=value, invited_at=friends.asha.registered_on, recorded_at=friends.asha.registered_on, made_by="till:x",
        )  # fmt: skip
    friends.refer(current)
    assert Invitation.objects.get(link__isnull=False).identifier == "919812300001"


def test_the_own_link_comes_before_a_merged_one(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    other = friends.register(mobile="9812399999").customer
    ravi = friends.refer(current).customer
    second = friends.register(mobile="9812300002", referral_code=friends.code(current, other)).customer
    friends.merge(second, into=ravi)
    assert links_of([ravi.pk])[ravi.pk].referrer == friends.asha
    assert referrers_of([ravi.pk]) == {friends.asha.pk, other.pk}
    assert (links_of([]), referrers_of([])) == ({}, set())
