"""Referral campaigns and their versions."""

from functools import cached_property

from django.db import models

from organizations.tenancy.scoping import TenantModel
from referrals.campaigns.rules import CampaignTerms


class ReferralCampaign(TenantModel):
    """A campaign by which customers refer others (docs/organization-file.md). Its terms are in its versions."""

    token = models.CharField(max_length=50, db_collation="C")
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["token"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "token"], name="referral_campaign_token_unique"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(is_default=True), name="referral_campaign_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.token


class ReferralCampaignVersion(TenantModel):
    """Terms of a campaign until a newer version. The database refuses to change or delete one.

    `terms` is the campaign's part of the organization file in its shortest form, without the columns of the campaign itself.
    """

    campaign = models.ForeignKey(ReferralCampaign, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="Counts from 1 without gaps")
    terms = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["campaign", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "campaign", "number"], name="referral_campaign_version_unique"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="referral_campaign_version_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}, version {self.number}"

    @cached_property
    def typed_terms(self) -> CampaignTerms:
        """The terms as typed values, read once for this instance."""
        return CampaignTerms.from_json(self.terms)
