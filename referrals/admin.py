"""Back-office pages of referrals, by noun. Django finds them here."""

import referrals.campaigns.admin
import referrals.invitations.admin
import referrals.links.admin
import referrals.rewards.admin.reward  # noqa: F401 - importing registers the pages
