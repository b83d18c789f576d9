"""Redemptions and their reversals."""

from django.db import models

from engagement.bills.models import Bill
from engagement.points.models import PointsAccount, PointsEntry, points_field
from organizations.tenancy.scoping import TenantModel


class Redemption(TenantModel):
    """Points that a customer spent; tills know it by a code of six characters (docs/protocol.md 4.7).

    The entry has its time, location and reference number.
    """

    account = models.ForeignKey(PointsAccount, on_delete=models.PROTECT, related_name="redemptions", db_index=False)
    entry = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, related_name="redemption")
    code = models.CharField(max_length=6, db_collation="C", help_text="Six letters or digits, case-sensitive")
    points = points_field()
    reversed = points_field("Given back by reversals")
    purpose = models.CharField(max_length=250, blank=True)
    transaction_number = models.CharField(max_length=100, blank=True, db_collation="C")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="redemptions", db_index=False)
    validation_code = models.CharField(max_length=6, blank=True, db_collation="C", help_text="The code that it used up")
    custom_fields = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="redemption_code_unique"),
            models.CheckConstraint(
                condition=models.Q(reversed__gte=0) & models.Q(reversed__lte=models.F("points")),
                name="redemption_reversed_within_points",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "account"], name="redemption_of_account"),
            models.Index(fields=["organization", "bill"], condition=models.Q(bill__isnull=False), name="redemption_of_bill"),
        ]

    def __str__(self) -> str:
        return self.code


class RedemptionReversal(TenantModel):
    """Points of a redemption that were given back."""

    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, related_name="reversals", db_index=False)
    entry = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, related_name="redemption_reversal")
    points = points_field()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(points__gt=0), name="redemption_reversal_above_zero"),
        ]
        indexes = [models.Index(fields=["organization", "redemption"], name="redemption_reversal_of")]

    def __str__(self) -> str:
        return f"Reversal {self.pk}"
