"""Sidebar entries of referrals."""

from typing import Final

from organizations.back_office.sidebar import SidebarEntry
from referrals.rewards.staff import REWARDS

REFERRALS: Final = (
    SidebarEntry("Referrals", "diversity_3", "referrals.referrallink"),
    SidebarEntry("Invitations", "forward_to_inbox", "referrals.invitation"),
    SidebarEntry("Rewards", "card_giftcard", "referrals.reward", REWARDS),
    SidebarEntry("Campaigns", "campaign", "referrals.referralcampaign"),
)
