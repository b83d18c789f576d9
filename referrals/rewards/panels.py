"""Referrals on a customer's page: codes, the referrer, the latest referees and rewards."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from customers.profile.models import Customer
from organizations.back_office.columns import link_to
from organizations.back_office.tables import Table, badge, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from referrals.campaigns.descriptions import describe_reward
from referrals.campaigns.rules import RewardTerms
from referrals.links.models import ReferralLink
from referrals.referral_codes.models import ReferralCode
from referrals.rewards.models import Reward

SHOWN: Final = 5
_TONES: Final = {
    Reward.State.GIVEN: "good",
    Reward.State.HELD: "bad",
    Reward.State.REJECTED: "bad",
    Reward.State.REFUSED: "bad",
}


def referrals_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest referrals on either side, and the customer's codes; None without any, or without permission. Four queries."""
    if not seen_by.has_perm("referrals.view_referrallink"):
        return None
    codes = ReferralCode.objects.filter(customer=customer).select_related("campaign").order_by("campaign__token")
    note = ", ".join(f"{code.campaign.token}: {code.code}" for code in codes)
    own = Customer.objects.filter(Q(pk=customer.pk) | Q(merged_into=customer.pk)).values("pk")
    links = ReferralLink.objects.filter(Q(referrer__in=own) | Q(referee__in=own)).order_by("-pk")
    shown = list(links.select_related("referrer", "referee", "campaign").prefetch_related("events", "rewards")[:SHOWN])
    if not shown and not note:
        return None
    address = f"{reverse('admin:referrals_referrallink_changelist')}?customer={customer.pk}"
    return table(
        "Referrals",
        ("Customer", "Campaign", "So far", "Since", "Reward"),
        [_row(link, customer) for link in shown],
        link=address if shown else "",
        note=note,
        empty="Nobody has come by the customer's code yet.",
    )


def _row(link: ReferralLink, customer: Customer) -> Sequence[Any]:
    is_referrer = customer.pk in {link.referrer_id, link.referrer.merged_into_id}
    other, side = (link.referee, "referee") if is_referrer else (link.referrer, "referrer")
    own = [reward for reward in link.rewards.all() if reward.receiver_id == customer.pk]
    events = ", ".join(str(event.get_kind_display()) for event in reversed(link.events.all()))
    return (
        with_note(link_to(other), side),
        link.campaign,
        link_to(link, events or gettext("nothing yet")),
        link.linked_at,
        with_note(link_to(own[0], what_it_gives(own[0])), reward_badge(own[0])) if own else None,
    )


def what_it_gives(reward: Reward) -> str:
    """The reward in words: "100 points and a coupon of WELCOME10"."""
    return describe_reward(RewardTerms(points=reward.points, coupon_series=reward.coupon_series))


def reward_badge(reward: Reward) -> SafeString:
    """The state as a badge."""
    return badge(reward.get_state_display(), _TONES.get(Reward.State(reward.state), ""))
