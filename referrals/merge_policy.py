"""Rows of referrals that move to the survivor when two customers are merged, and rows that stay (docs/protocol.md 2.4, 7)."""

from customers.merging.transfer import KeptRows, MovedRows
from referrals.invitations.models import Invitation
from referrals.links.models import ReferralLink
from referrals.referral_codes.models import ReferralCode
from referrals.rewards.models import Reward

MOVED = (
    # A code that stays with its customer leads to the survivor, too: referral_codes.services.
    MovedRows(model=ReferralCode, conflicts=("referral_code_of_customer_unique",)),
    MovedRows(model=Invitation, conflicts=("invitation_unique",)),
    MovedRows(model=Reward, column="receiver"),
)
KEPT = (
    KeptRows(model=ReferralLink, column="referrer", reason="who referred whose friend is history; reads follow the merge"),
    KeptRows(model=ReferralLink, column="referee", reason="who came by whose code is history; reads follow the merge"),
    KeptRows(model=Reward, column="earned_by", reason="who earned a reward first: the limits of its campaign count by it"),
)
