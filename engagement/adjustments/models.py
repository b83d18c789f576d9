"""Rows of adjustments of points by staff, and of those that were taken back (docs/ledger.md)."""

from django.db import models

from customers.profile.models import Customer
from engagement.numbers.display import format_change
from engagement.points.models import PointsEntry, points_field
from engagement.programs.models import Program
from organizations.tenancy.scoping import TenantModel


class PointsAdjustment(TenantModel):
    """Points that a member of staff adds (> 0) or takes (< 0): done at once, or pending until a second person approves.

    The database refuses to change a decided adjustment but for its customer, who changes by a merge (migration
    `decided_adjustments_stay`).
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", "pending"
        DONE = "DONE", "done"
        REJECTED = "REJECTED", "rejected"

    class Expiry(models.TextChoices):
        PROGRAM = "PROGRAM", "by the program's rules"
        DAY = "DAY", "after a day"
        NEVER = "NEVER", "never"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="points_adjustments", db_index=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="points_adjustments", db_index=False)
    points = points_field("Below zero: taken")
    expiry = models.CharField(max_length=7, choices=Expiry, default=Expiry.PROGRAM)
    expires_on = models.DateField(null=True, blank=True, help_text="Last day on which added points can be used")
    reason = models.CharField(max_length=250)
    needs_approval = models.BooleanField(default=False, help_text="Above the limit of the member of staff who made it")
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    requested_on = models.DateTimeField()
    requested_by = models.CharField(max_length=120, help_text="staff:NAME")
    decided_on = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True, help_text="staff:NAME")
    decision_reason = models.CharField(max_length=250, blank=True, help_text="Note on the decision; a rejection needs one")
    entry = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="adjustment")

    class Meta:
        # Pending ones first, the oldest at the top; then the last decided. PostgreSQL sorts NULL first in descending order.
        ordering = ["-decided_on", "pk"]
        verbose_name = "adjustment"
        constraints = [
            models.CheckConstraint(condition=~models.Q(points=0), name="points_adjustment_not_zero"),
            models.CheckConstraint(
                name="points_adjustment_decided_with_its_entry",
                condition=models.Q(status="PENDING", decided_on=None, decided_by="", entry=None)
                | models.Q(status="DONE", decided_on__isnull=False, entry__isnull=False) & ~models.Q(decided_by="")
                | models.Q(status="REJECTED", decided_on__isnull=False, entry=None)
                & ~models.Q(decided_by="")
                & ~models.Q(decision_reason=""),
            ),
            models.CheckConstraint(
                name="points_adjustment_by_two_above_the_limit",
                condition=models.Q(needs_approval=False)
                | ~models.Q(status="DONE")
                | ~models.Q(decided_by=models.F("requested_by")),
            ),
            models.CheckConstraint(
                name="points_adjustment_day_of_expiry",
                condition=models.Q(expiry="DAY", expires_on__isnull=False)
                | ~models.Q(expiry="DAY") & models.Q(expires_on=None),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-decided_on", "id"], name="points_adjustment_queue"),
            models.Index(fields=["organization", "customer", "-id"], name="points_adjustment_of_customer"),
            models.Index(fields=["organization"], condition=models.Q(status="PENDING"), name="points_adjustment_pending"),
        ]

    def __str__(self) -> str:
        return f"{format_change(self.points)} points"


class AdjustmentReversal(TenantModel):
    """An adjustment's entry (`adjusted`) that was taken back by another entry.

    `points` were taken from the adjustment's own lot, or given back to the lots that it had taken them from. `gone` is the part
    of an added lot that had been spent or had expired: it stays as it is.
    """

    adjusted = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, related_name="taken_back")
    entry = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, related_name="takes_back")
    points = points_field()
    gone = points_field("Spent or expired before")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(points__gt=0) & models.Q(gone__gte=0), name="adjustment_reversal_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"Reversal {self.pk}"
