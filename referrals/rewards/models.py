"""Rows of rewards."""

from django.db import models

from customers.profile.models import Customer
from engagement.coupons.models import Coupon
from engagement.points.models import PointsEntry
from organizations.tenancy.scoping import TenantModel
from referrals.campaigns.models import ReferralCampaign
from referrals.links.models import RefereeEvent, ReferralLink


class Reward(TenantModel):
    """What one side of a referral gets for an event of the referee: points, a coupon or both, once.

    `receiver` has it now; `earned_by` earned it, which merges do not change. `nth` numbers the rewards of a referrer in a
    campaign, `most` is the campaign's limit at that time.
    """

    class Role(models.TextChoices):
        REFERRER = "REFERRER", "referrer"
        REFEREE = "REFEREE", "referee"

    class State(models.TextChoices):
        HELD = "HELD", "held for review"
        PROMISED = "PROMISED", "promised"
        GIVEN = "GIVEN", "given"
        REFUSED = "REFUSED", "not given"
        REJECTED = "REJECTED", "rejected"
        CANCELLED = "CANCELLED", "cancelled"
        TAKEN_BACK = "TAKEN_BACK", "taken back"

    event = models.ForeignKey(RefereeEvent, on_delete=models.PROTECT, related_name="rewards", db_index=False)
    link = models.ForeignKey(ReferralLink, on_delete=models.PROTECT, related_name="rewards", db_index=False)
    campaign = models.ForeignKey(ReferralCampaign, on_delete=models.PROTECT, related_name="rewards", db_index=False)
    role = models.CharField(max_length=8, choices=Role, db_collation="C")
    receiver = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="referral_rewards", db_index=False)
    earned_by = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    nth = models.PositiveIntegerField(null=True, blank=True, help_text="Blank for rewards of referees, and refused ones")
    most = models.PositiveIntegerField(null=True, blank=True, help_text="Blank: unlimited")
    state = models.CharField(max_length=10, choices=State, db_collation="C")
    points = models.DecimalField(max_digits=18, decimal_places=3, null=True, blank=True)
    coupon_series = models.CharField(max_length=50, blank=True)
    promised_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not given before")
    given_at = models.DateTimeField(null=True, blank=True)
    evidence = models.JSONField(default=list, blank=True, help_text="Why it is or was held: words of `guard.evidence`")
    problem = models.CharField(max_length=250, blank=True, help_text="Why it, or a part of it, was not given or is gone")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True)
    decision_reason = models.CharField(max_length=250, blank=True)
    entry = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="referral_reward")
    coupon = models.OneToOneField(Coupon, on_delete=models.PROTECT, null=True, blank=True, related_name="referral_reward")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "referral reward"
        constraints = [
            models.UniqueConstraint(fields=["organization", "event", "role"], name="referral_reward_once"),
            models.UniqueConstraint(
                fields=["organization", "earned_by", "campaign", "nth"],
                condition=models.Q(nth__isnull=False),
                name="referral_reward_nth_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(nth__isnull=True) | models.Q(most__isnull=True) | models.Q(nth__lte=models.F("most")),
                name="referral_reward_within_most",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["GIVEN", "TAKEN_BACK"]) | models.Q(entry__isnull=True, coupon__isnull=True),
                name="referral_reward_given_by_state",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "receiver", "-id"], name="referral_reward_of_receiver"),
            models.Index(fields=["organization", "link"], name="referral_reward_of_link"),
            models.Index(
                fields=["organization", "due_at", "id"], condition=models.Q(state="PROMISED"), name="referral_reward_promised"
            ),
            models.Index(fields=["organization", "-id"], condition=models.Q(state="HELD"), name="referral_reward_held"),
        ]

    def __str__(self) -> str:
        return f"Reward {self.pk}"
