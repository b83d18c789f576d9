"""Rows of merges of two customers, with everything that moved, so that a merge can be undone."""

from django.db import models
from django.db.models.functions import Greatest, Least

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.tenancy.scoping import TenantModel


class Merge(TenantModel):
    """A merge of one customer, the victim, into another, the survivor (docs/protocol.md 2.4). An undone merge is kept."""

    survivor = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges", db_index=False)
    victim = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="merges_as_victim", db_index=False)
    merged_at = models.DateTimeField()
    source = models.CharField(max_length=12, choices=AuditEntry.Source)
    actor = models.CharField(max_length=120, help_text="till:CODE, client:KEY, staff:NAME or command:NAME")
    reason = models.CharField(max_length=250, blank=True)
    moved = models.JSONField(default=dict, help_text="All that moved or was filled, by what moved it")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=120, blank=True)
    undone_reason = models.CharField(max_length=250, blank=True)

    class Meta:
        ordering = ["-pk"]
        permissions = [("merge_customers", "Can merge customers, and undo merges")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "victim"],
                condition=models.Q(undone_at__isnull=True),
                name="merge_one_survivor",
            ),
            # Of two concurrent merges of the same customers, in either direction, one succeeds.
            models.UniqueConstraint(
                "organization",
                Least("survivor", "victim"),
                Greatest("survivor", "victim"),
                condition=models.Q(undone_at__isnull=True),
                name="merge_one_direction",
            ),
            models.CheckConstraint(condition=~models.Q(survivor=models.F("victim")), name="merge_of_two"),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="merge_newest"),
            models.Index(fields=["organization", "survivor"], name="merge_of_survivor"),
        ]

    def __str__(self) -> str:
        return f"Merge {self.pk}"
