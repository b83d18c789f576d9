"""Rewards and referrals in the back office: the review queue, decisions, lists and the customer's panel."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.programs.models import Program
from organizations.staff.models import StaffMember
from referrals.invitations.models import Invitation
from referrals.links.models import ReferralLink
from referrals.rewards.decisions import RewardStateError, approve_reward, reject_reward
from referrals.rewards.models import Reward
from referrals.rewards.panels import referrals_panel
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.bills import bring_back, buy
from tests.factories.coupons import open_series
from tests.factories.locations import till_actor
from tests.factories.referrals import Friends, open_campaign
from tests.factories.staff import StaffMemberFactory
from use_cases.customer_page import panels_of

pytestmark = pytest.mark.django_db
REWARDS, LINKS = "referrals_reward", "referrals_referrallink"


@pytest.fixture
def browser(friends: Friends) -> Client:
    return log_in(StaffMemberFactory(organization=friends.organization, role="org_admin", username="admin"))


def hold(friends: Friends, **terms: object) -> Reward:
    """A reward of Asha's that is held: the referee has her address with a tag."""
    friends.refer(open_campaign(friends.organization, **terms), email="asha+2@example.com", firstname="Twin")
    return Reward.objects.get(role="REFERRER")


def decide(browser: Client, row: Reward, verb: str, reason: str = "Two sisters") -> HttpResponse:
    return browser.post(page_of(REWARDS, row).replace("/change/", f"/decide/{verb}/"), {"reason": reason})


def text_of(response: HttpResponse) -> str:
    return " ".join(strip_tags(response.content.decode()).split())


def test_the_queue_shows_what_is_held_and_counts_it(browser: Client, friends: Friends) -> None:
    reward = hold(friends)
    page = browser.get(f"{list_of(REWARDS)}?state__exact=HELD")
    assert shown(page) == [reward]
    assert "Rewards held for review" in text_of(browser.get("/admin/"))
    assert "same e-mail address but for dots and tags" in text_of(page)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    browser: Client, friends: Friends, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    current = open_campaign(friends.organization)
    for number in range(rows):
        friends.refer(current, f"981230000{number}")
    # Session, member of staff, the limit to stores, rewards that wait, campaigns of the filter, the rows, the count.
    with django_assert_num_queries(7):
        answer = browser.get(list_of(REWARDS))
    assert len(shown(answer)) == rows


def test_the_page_compares_both_sides(browser: Client, friends: Friends) -> None:
    text = text_of(browser.get(page_of(REWARDS, hold(friends))))
    for part in ("100 points", "asha@example.com", "asha+2@example.com", "Why it is held", "Approve", "Reject"):
        assert part in text


def test_approving_gives_the_reward(browser: Client, friends: Friends) -> None:
    reward = hold(friends)
    assert decide(browser, reward, "approve").status_code == 302
    reward.refresh_from_db()
    assert (reward.state, reward.decided_by, reward.decision_reason) == ("GIVEN", "staff:admin", "Two sisters")
    assert friends.points() == 100
    text = text_of(browser.get(page_of(REWARDS, reward)))
    assert "Why it was held" in text
    assert "Ledger entry" in text
    assert "Approve" not in text


def test_rejecting_needs_a_reason_and_gives_nothing(browser: Client, friends: Friends) -> None:
    reward = hold(friends)
    assert decide(browser, reward, "reject", reason="").status_code == 200
    assert decide(browser, reward, "reject").status_code == 302
    reward.refresh_from_db()
    assert (reward.state, friends.points()) == ("REJECTED", 0)


def test_a_decision_on_another_state_is_refused(browser: Client, friends: Friends) -> None:
    reward = hold(friends)
    decide(browser, reward, "reject")
    assert "The reward is already rejected." in text_of(decide(browser, reward, "approve"))


def test_the_same_decision_again_changes_nothing(friends: Friends) -> None:
    by, first = till_actor(friends.till), hold(friends)
    approve_reward(first.pk, reason="", by=by)
    assert approve_reward(first.pk, reason="again", by=by).decision_reason == ""
    with pytest.raises(RewardStateError, match="already given"):
        reject_reward(first.pk, reason="no", by=by)
    assert friends.points() == 100


def test_a_rejection_again_changes_nothing(friends: Friends) -> None:
    by, reward = till_actor(friends.till), hold(friends)
    reject_reward(reward.pk, reason="no", by=by)
    assert reject_reward(reward.pk, reason="again", by=by).decision_reason == "no"


def test_an_approved_reward_still_waits_for_its_day(friends: Friends) -> None:
    reward = approve_reward(hold(friends, waiting_days=3).pk, reason="", by=till_actor(friends.till))
    assert (reward.state, friends.points()) == ("PROMISED", 0)


def test_what_cannot_be_given_stays_in_the_queue(browser: Client, friends: Friends) -> None:
    reward = hold(friends)
    Program.objects.update(is_paused=True)
    assert "It cannot be given now: points: the program is paused." in text_of(decide(browser, reward, "approve"))
    reward.refresh_from_db()
    assert reward.state == "HELD"


def test_a_returned_bill_cancels_what_is_held(friends: Friends) -> None:
    current = open_campaign(friends.organization, reward_on=["TRANSACTION"])
    referee = friends.refer(current, email="asha+2@example.com").customer
    sale = buy(referee, friends.till)
    assert friends.states() == ["HELD"]
    bring_back(sale, "2026-01-06 12:00:00", 100)
    assert friends.states() == ["CANCELLED"]


def test_an_auditor_sees_but_does_not_decide(friends: Friends) -> None:
    reward = hold(friends)
    auditor = log_in(StaffMemberFactory(organization=friends.organization, role="auditor", username="sam"))
    page = text_of(auditor.get(page_of(REWARDS, reward)))
    assert "Approve" not in page
    assert "Rewards 1" not in page
    assert decide(auditor, reward, "approve").status_code == 403


def test_referrals_are_listed_with_what_came_of_them(browser: Client, friends: Friends) -> None:
    open_series(friends.organization)
    current = open_campaign(
        friends.organization, reward_on=["REGISTRATION", "TRANSACTION"], referrer_reward={"points": 5, "coupon_series": "TENTH"}
    )
    referee = friends.refer(current, firstname="Ravi").customer
    buy(referee, friends.till)
    link = ReferralLink.objects.get()
    page = browser.get(list_of(LINKS))
    assert shown(page) == [link]
    assert "registration, first bill" in text_of(page)
    text = text_of(browser.get(page_of(LINKS, link)))
    assert "5 points and a coupon of TENTH" in text
    assert "Registered with the code" in text
    reward = Reward.objects.latest("pk")
    assert "Coupon" in text_of(browser.get(page_of(REWARDS, reward)))


def test_invitations_and_campaigns_have_pages(browser: Client, friends: Friends) -> None:
    current = open_campaign(friends.organization, max_rewards=3)
    now = timezone.now()
    row = Invitation.objects.create(
        organization=friends.organization, campaign=current.campaign, customer=friends.asha, channel="EMAIL",
        identifier="ravi@example.com", name="Ravi", invited_at=now, recorded_at=now, made_by="till:blr.till1",
    )  # fmt: skip
    assert "ravi@example.com" in text_of(browser.get(f"{list_of('referrals_invitation')}?campaign={current.campaign.pk}"))
    assert "Ravi" in text_of(browser.get(page_of("referrals_invitation", row)))
    assert "100 points" in text_of(browser.get(list_of("referrals_referralcampaign")))
    text = text_of(browser.get(page_of("referrals_referralcampaign", current.campaign)))
    assert "at most 3 times" in text
    assert browser.get(page_of("referrals_referralcampaign", current.campaign).replace("change", "history")).status_code == 200


def panel(friends: Friends, customer: Customer) -> str:
    member = StaffMember.objects.filter(username="panel").first() or StaffMemberFactory(
        organization=friends.organization, role="org_admin", username="panel"
    )
    tables = panels_of(customer, organization=friends.organization, seen_by=member)
    found = [table for table in tables if table.title == "Referrals"]
    return " | ".join(f"{table.note} {strip_tags(str(table.cells))}" for table in found)


def test_the_panel_shows_codes_and_both_sides(friends: Friends) -> None:
    assert panel(friends, friends.asha) == ""
    current = open_campaign(friends.organization)
    code = friends.code(current)
    assert code in panel(friends, friends.asha)
    referee = friends.refer(current, firstname="Ravi").customer
    text = panel(friends, friends.asha)
    for part in ("Ravi", "referee", "100 points", "given", "registration"):
        assert part in text
    assert "referrer" in panel(friends, referee)


@pytest.mark.parametrize("referees", [1, 3])
def test_the_panel_costs_four_statements(
    friends: Friends, referees: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    current = open_campaign(friends.organization)
    for number in range(referees):
        friends.refer(current, f"981230000{number}")
    member = StaffMemberFactory(organization=friends.organization, role="org_admin", username="panel")
    assert member.has_perm("referrals.view_referrallink")
    with django_assert_num_queries(4):
        shown = referrals_panel(friends.asha, organization=friends.organization, seen_by=member)
    assert shown is not None


def test_the_panel_of_a_survivor_shows_the_victims_referees(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    second = friends.register(mobile="9812399999").customer
    friends.register(mobile="9812300001", firstname="Ravi", referral_code=friends.code(current, second))
    friends.merge(second)
    assert "Ravi" in panel(friends, friends.asha)


def test_staff_limited_to_stores_see_no_panel(friends: Friends) -> None:
    friends.code(open_campaign(friends.organization))
    member = StaffMemberFactory(
        organization=friends.organization, role="store_manager", username="m", stores=[friends.till.store]
    )
    tables = panels_of(friends.asha, organization=friends.organization, seen_by=member)
    assert "Referrals" not in [table.title for table in tables]
