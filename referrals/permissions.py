"""Permissions of each role on referrals.

A referral joins customers of several stores: staff limited to stores do not see any.
"""

from typing import Final

from organizations.staff.permissions import Role, StaffPermissions, permissions

_APP: Final = "referrals"

VIEW_REFERRALS: Final = permissions(_APP, "view", "referralcampaign referrallink invitation reward")
# Add campaigns and change their terms.
EDIT_CAMPAIGNS: Final = frozenset({"referrals.edit_referralcampaign"})
# Approve or reject rewards that are held for review.
DECIDE_REWARDS: Final = frozenset({"referrals.decide_reward"})

REFERRAL_PERMISSIONS: Final = StaffPermissions(
    by_role={
        Role.ORG_ADMIN: VIEW_REFERRALS | DECIDE_REWARDS | EDIT_CAMPAIGNS,
        Role.STORE_MANAGER: VIEW_REFERRALS,
        Role.STORE_STAFF: frozenset(),
        Role.CARE_AGENT: VIEW_REFERRALS | DECIDE_REWARDS,
        Role.AUDITOR: VIEW_REFERRALS,
    },
    within_stores=frozenset(),
)
