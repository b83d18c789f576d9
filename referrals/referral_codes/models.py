"""Rows of referral codes."""

from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from organizations.tenancy.scoping import TenantModel
from referrals.campaigns.models import ReferralCampaign


class ReferralCode(TenantModel):
    """The code by which a customer refers others in a campaign, made when it is first asked for.

    `code` has capitals and digits only (`drawing`); codes are found without case.
    """

    campaign = models.ForeignKey(ReferralCampaign, on_delete=models.PROTECT, related_name="codes", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="referral_codes", db_index=False)
    code = models.CharField(max_length=20, db_collation="C")
    made_at = models.DateTimeField()

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="referral_code_unique"),
            models.UniqueConstraint(fields=["organization", "customer", "campaign"], name="referral_code_of_customer_unique"),
        ]

    def __str__(self) -> str:
        return self.code
