"""Rows of referees: by whose code they came, and what they did."""

from django.db import models

from customers.profile.models import Customer
from engagement.bills.models import Bill
from organizations.locations.models import Store, Till
from organizations.tenancy.scoping import TenantModel
from referrals.campaigns.models import ReferralCampaign, ReferralCampaignVersion
from referrals.referral_codes.models import ReferralCode


class ReferralLink(TenantModel):
    """A referee and the referrer whose code they gave: the parent of the referral tree, one for each referee, for ever.

    Both are the customers of that time; readers follow merges. The terms of `version` decide about rewards.
    """

    code = models.ForeignKey(ReferralCode, on_delete=models.PROTECT, related_name="links", db_index=False)
    campaign = models.ForeignKey(ReferralCampaign, on_delete=models.PROTECT, related_name="links", db_index=False)
    version = models.ForeignKey(ReferralCampaignVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    referrer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="referee_links", db_index=False)
    referee = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="referrer_links", db_index=False)
    linked_at = models.DateTimeField()
    is_new_customer = models.BooleanField(help_text="The referee registered with the code")
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    made_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "referral"
        constraints = [
            models.UniqueConstraint(fields=["organization", "referee"], name="referral_one_referrer"),
            models.CheckConstraint(condition=~models.Q(referrer=models.F("referee")), name="referral_not_of_oneself"),
        ]
        indexes = [
            models.Index(fields=["organization", "referrer", "-id"], name="referral_of_referrer"),
            models.Index(fields=["organization", "-id"], name="referral_newest"),
        ]

    def __str__(self) -> str:
        return f"Referral {self.pk}"

    @property
    def referrer_now(self) -> int:
        """The referrer (id), the survivor if the referrer was merged."""
        return self.referrer.merged_into_id or self.referrer_id

    @property
    def referee_now(self) -> int:
        """The referee (id), the survivor if the referee was merged."""
        return self.referee.merged_into_id or self.referee_id


class RefereeEvent(TenantModel):
    """What a referee did for the first time: registered as a loyalty customer, or bought. Each at most once.

    `nth` counts the events of a kind by the code that brought the referee.
    """

    class Kind(models.TextChoices):
        REGISTRATION = "REGISTRATION", "registration"
        TRANSACTION = "TRANSACTION", "first bill"

    link = models.ForeignKey(ReferralLink, on_delete=models.PROTECT, related_name="events", db_index=False)
    code = models.ForeignKey(ReferralCode, on_delete=models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind, db_collation="C")
    nth = models.PositiveIntegerField(help_text="Counts from 1")
    at = models.DateTimeField()
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "link", "kind"], name="referee_event_once"),
            models.UniqueConstraint(fields=["organization", "code", "kind", "nth"], name="referee_event_nth_unique"),
            models.CheckConstraint(
                condition=models.Q(kind="REGISTRATION", bill__isnull=True) | models.Q(kind="TRANSACTION", bill__isnull=False),
                name="referee_event_of_a_bill",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "bill"], condition=models.Q(bill__isnull=False), name="referee_event_of_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.link}"
