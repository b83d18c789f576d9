"""Rows of requests to change an identifier, and the decisions (docs/protocol.md 4.3)."""

from django.db import models

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.staff.sight import shown_identifier
from organizations.tenancy.scoping import TenantModel


class IdentityRequest(TenantModel):
    """A request to replace the customer's `old_value` by `new_value`.

    If `new_value` belongs to another account (`other`), approval merges that account into the customer's. The database refuses
    to change a decided request (migration `decided_requests_stay`).
    """

    class Type(models.TextChoices):
        CHANGE_IDENTIFIER = "CHANGE_IDENTIFIER", "change"
        MERGE = "MERGE", "merge"

    class Status(models.TextChoices):
        PENDING = "PENDING", "pending"
        APPROVED = "APPROVED", "approved"
        REJECTED = "REJECTED", "rejected"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="identity_requests", db_index=False)
    type = models.CharField(max_length=17, choices=Type, default=Type.CHANGE_IDENTIFIER)
    kind = models.CharField("identifier", max_length=11, choices=Identifier.Kind)
    old_value = models.CharField(max_length=254, db_collation="C")
    new_value = models.CharField(max_length=254, db_collation="C")
    other = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Whose the new value was when it was asked for",
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    requested_on = models.DateTimeField()
    requested_by = models.CharField(max_length=120, help_text="till:CODE, client:KEY, staff:NAME or command:NAME")
    source = models.CharField(max_length=12, choices=AuditEntry.Source)
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    comments = models.CharField(max_length=250, blank=True, help_text="What was noted when it was asked for")
    decided_on = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True, help_text="staff:NAME, or policy:FLAG where the policy did it")
    reason = models.CharField(max_length=250, blank=True, help_text="Why it was decided so")

    class Meta:
        # Pending requests first, the oldest at the top: PostgreSQL sorts NULL first in descending order.
        ordering = ["-decided_on", "pk"]
        verbose_name = "identity request"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "new_value"],
                condition=models.Q(status="PENDING"),
                name="identity_request_one_pending",
            ),
            models.CheckConstraint(
                name="identity_request_decided_by_somebody",
                condition=models.Q(status="PENDING", decided_on=None, decided_by="")
                | (~models.Q(status="PENDING") & models.Q(decided_on__isnull=False) & ~models.Q(decided_by="")),
            ),
            models.CheckConstraint(
                name="identity_request_rejected_for_a_reason", condition=~models.Q(status="REJECTED", reason="")
            ),
            models.CheckConstraint(
                name="identity_request_merges_somebody",
                condition=models.Q(type="MERGE", other__isnull=False) | models.Q(type="CHANGE_IDENTIFIER", other=None),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-decided_on", "id"], name="identity_request_queue"),
            models.Index(fields=["organization", "customer", "-id"], name="identity_request_of_customer"),
            models.Index(
                fields=["organization", "other"], condition=models.Q(other__isnull=False), name="identity_request_of_other"
            ),
            models.Index(fields=["organization", "old_value"], name="identity_request_old_value"),
            models.Index(fields=["organization", "new_value"], name="identity_request_new_value"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.old_text} → {self.new_text}"

    @property
    def old_text(self) -> str:
        """The old value as the current user of the back office may see it."""
        return shown_identifier(self.kind, self.old_value, customer_id=self.customer_id)

    @property
    def new_text(self) -> str:
        """The new value, as above: that of the other customer if it has one."""
        return shown_identifier(self.kind, self.new_value, customer_id=self.other_id or self.customer_id)
