"""Rows of customer statuses, and what each blocks (docs/protocol.md 2.1)."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class CustomerStatus(TenantModel):
    """A label that staff give to customers: one of the seven statuses under the organization's own name.

    An inactive label is given to no further customer. Customers who have it keep it, with its blocks.
    """

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", "active"
        SUSPENDED = "SUSPENDED", "suspended"
        DELETED = "DELETED", "deleted"
        FRAUD_SUSPECTED = "FRAUD_SUSPECTED", "fraud suspected"
        FRAUD_CONFIRMED = "FRAUD_CONFIRMED", "fraud confirmed"
        INTERNAL = "INTERNAL", "internal"
        PENDING_DELETION = "PENDING_DELETION", "pending deletion"

    class Block(models.TextChoices):
        COUPON_REDEEM = "coupon_redeem", "using coupons"
        COUPON_ISSUE = "coupon_issue", "getting coupons"
        POINTS_ISSUE = "points_issue", "earning points"
        POINTS_REDEEM = "points_redeem", "redeeming points"
        IDENTIFIER_CHANGE = "identifier_change", "changing identifiers and merging"
        TIER_UPGRADE = "tier_upgrade", "rising to another tier"
        TRANSACTIONS = "transactions", "bills and returns"
        PROMOTIONS = "promotions", "promotional points"

    status = models.CharField(max_length=16, choices=Status, db_collation="C")
    label = models.CharField(max_length=100, db_collation="C", help_text="What staff read")
    blocks = models.JSONField(default=list, blank=True, help_text="What the label forbids")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["status", "label"]
        verbose_name = "customer status"
        verbose_name_plural = "customer statuses"
        constraints = [
            models.UniqueConstraint(fields=["organization", "status", "label"], name="customer_status_label_unique"),
        ]

    def __str__(self) -> str:
        return self.label
