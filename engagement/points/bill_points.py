"""What did a bill count for in a program? The link between a bill and a points account."""

from django.db import models

from engagement.bills.models import Bill
from engagement.points.models import PointsAccount, points_field
from organizations.tenancy.scoping import TenantModel


class BillPoints(TenantModel):
    """A sale in a program where it counted: the points it brought, and those that its returns have claimed so far.

    `claimed` is floor(issued x returned / amount), so that parts add up to the whole. `claimed_spent` is the part of it that
    had been spent when it was claimed: it was taken from other lots, or forgiven.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="points", db_index=False)
    account = models.ForeignKey(PointsAccount, on_delete=models.PROTECT, related_name="bill_points", db_index=False)
    issued = points_field("Awarded or promised")
    claimed = points_field("Asked back by returns")
    taken = points_field("Of those claimed: what was there to take back, promised points included")
    claimed_spent = points_field("Of those claimed: what had been spent")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "bill points"
        constraints = [
            models.UniqueConstraint(fields=["organization", "bill", "account"], name="bill_points_unique"),
            models.CheckConstraint(
                condition=models.Q(claimed__gte=0)
                & models.Q(claimed__lte=models.F("issued"))
                & models.Q(claimed_spent__lte=models.F("claimed"))
                & models.Q(taken__lte=models.F("claimed")),
                name="bill_points_claimed_within_issued",
            ),
        ]
        indexes = [models.Index(fields=["organization", "account"], name="bill_points_of_account")]

    def __str__(self) -> str:
        return f"{self.issued.normalize():f} by bill {self.bill_id}"
