"""Models of referrals, gathered for Django: each noun defines its own."""

from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from referrals.invitations.models import Invitation
from referrals.links.models import RefereeEvent, ReferralLink
from referrals.referral_codes.models import ReferralCode
from referrals.rewards.models import Reward

__all__ = [
    "Invitation",
    "RefereeEvent",
    "ReferralCampaign",
    "ReferralCampaignVersion",
    "ReferralCode",
    "ReferralLink",
    "Reward",
]
