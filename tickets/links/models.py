"""Rows of links between tickets and what they are about, or led to."""

from django.db import models

from engagement.adjustments.models import PointsAdjustment
from engagement.bills.models import Bill
from engagement.coupons.models import Coupon
from engagement.points.models import PointsEntry
from organizations.tenancy.scoping import TenantModel
from tickets.ticket.models import Ticket

TARGETS = ("bill", "coupon", "entry", "adjustment")


def _only(target: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": name != target for name in TARGETS})


class TicketLink(TenantModel):
    """A bill, coupon, ledger entry or adjustment of points that belongs to a ticket. The database refuses to change one.

    `is_goodwill`: it was given from the ticket. Points that wait for approval have an adjustment and no entry yet, so goodwill
    of points links the adjustment, which leads to its entry.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="links", db_index=False)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    entry = models.ForeignKey(PointsEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    adjustment = models.ForeignKey(
        PointsAdjustment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    is_goodwill = models.BooleanField(default=False)
    at = models.DateTimeField()
    made_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=_only("bill") | _only("coupon") | _only("entry") | _only("adjustment"), name="ticket_link_to_one"
            ),
            *(
                models.UniqueConstraint(
                    fields=["organization", "ticket", target],
                    condition=models.Q(**{f"{target}__isnull": False}),
                    name=f"ticket_link_{target}_unique",
                )
                for target in TARGETS
            ),
        ]

    def __str__(self) -> str:
        return f"Link {self.pk}"

    @property
    def target(self) -> models.Model:
        """The linked row."""
        target: models.Model = next(row for name in TARGETS if (row := getattr(self, name)) is not None)
        return target
