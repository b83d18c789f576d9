"""Rows of invitations."""

from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from organizations.locations.models import Store, Till
from organizations.staff.sight import shown_identifier
from organizations.tenancy.scoping import TenantModel
from referrals.campaigns.models import ReferralCampaign
from referrals.links.models import ReferralLink

LONGEST_NAME = 100


class Invitation(TenantModel):
    """A mobile number or e-mail address that a customer invited in a campaign, once.

    `link` is that of the invitee who later registered with the customer's code.
    """

    class Channel(models.TextChoices):
        MOBILE = "MOBILE", "mobile"
        EMAIL = "EMAIL", "e-mail"

    campaign = models.ForeignKey(ReferralCampaign, on_delete=models.PROTECT, related_name="invitations", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invitations", db_index=False)
    channel = models.CharField(max_length=6, choices=Channel, db_collation="C")
    identifier = models.CharField(max_length=254, db_collation="C", help_text="As identifiers are stored")
    name = models.CharField(max_length=LONGEST_NAME, blank=True)
    invited_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    made_by = models.CharField(max_length=120)
    link = models.ForeignKey(
        ReferralLink, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations", db_index=False
    )

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "customer", "campaign", "channel", "identifier"], name="invitation_unique"
            ),
            models.CheckConstraint(condition=models.Q(channel__in=["MOBILE", "EMAIL"]), name="invitation_channel_known"),
        ]

    def __str__(self) -> str:
        """The number or address as the current user of the back office may see it."""
        return shown_identifier(self.channel.lower(), self.identifier, customer_id=self.invited_id)

    @property
    def invited_id(self) -> int | None:
        """The id that the invited person has as a customer; None before joining. Reads `link` unless it is loaded."""
        return self.link.referee_id if self.link else None
