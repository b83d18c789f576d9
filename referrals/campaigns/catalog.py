"""Catalog of an organization's referral campaigns with all versions of their terms: a part of its configuration."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from referrals.campaigns.rules import CampaignTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentCampaign:
    """A campaign with the newest version of its terms."""

    campaign: ReferralCampaign
    version: ReferralCampaignVersion

    @property
    def terms(self) -> CampaignTerms:
        """The terms of the newest version."""
        return self.version.typed_terms

    def is_usable(self, at: datetime, zone: ZoneInfo) -> bool:
        """True for an active referral campaign that runs at this moment."""
        return self.campaign.is_active and self.terms.is_referral and self.terms.runs_at(at, zone)


class CampaignCatalog:
    """The campaigns of one organization by id and by token, and the terms of every version."""

    def __init__(self, versions: Iterable[ReferralCampaignVersion]) -> None:
        self.by_id: dict[int, CurrentCampaign] = {}
        # Terms by the id of the version: a link keeps those under which it was made.
        self.terms: dict[int, CampaignTerms] = {}
        for version in sorted(versions, key=lambda version: version.number):
            self.by_id[version.campaign_id] = CurrentCampaign(campaign=version.campaign, version=version)
            self.terms[version.pk] = version.typed_terms
        self.by_token = {current.campaign.token: current for current in self.by_id.values()}
        # The default campaign, switched off or not.
        self.default = next((current for current in self.by_id.values() if current.campaign.is_default), None)
        # True if any campaign gives rewards after some days.
        self.waits = any(terms.waiting_days for terms in self.terms.values())

    @property
    def is_empty(self) -> bool:
        """True if the organization never had a campaign: nobody was referred."""
        return not self.by_id

    def usable(self, token: str, *, at: datetime, zone: ZoneInfo) -> CurrentCampaign:
        """The campaign of a token, the default one for "".

        Raises `LoyaltyError` 1202 for an unknown token; 1203 if there is no default, or the campaign is switched off, is no
        referral campaign, or does not run at this moment (docs/protocol.md 5.1).
        """
        current = self.by_token.get(token) if token else self.default
        if current is None and token:
            raise LoyaltyError(Code.UNKNOWN_CAMPAIGN_TOKEN)
        if current is None or not current.is_usable(at, zone):
            raise LoyaltyError(Code.CAMPAIGN_NOT_USABLE)
        return current


def load_campaigns() -> CampaignCatalog:
    """All campaigns of the scope's organization: one query."""
    return CampaignCatalog(ReferralCampaignVersion.objects.select_related("campaign"))
