"""Deferred loyalty events and how their handling ended (docs/protocol.md 1.8, Replay)."""

from django.db import models

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.tenancy.scoping import TenantModel


class DeferredEvent(TenantModel):
    """An event whose loyalty effects follow later. Events of one customer are handled in the order of their ids.

    The actor is stored as in the audit: the effects belong to the till, store and caller of the original call.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="deferred_events", db_index=False)
    kind = models.CharField(max_length=20, db_collation="C")
    payload = models.JSONField(default=dict, help_text="What the effects depend on: ids, moments and figures, no personal data")
    source = models.CharField(max_length=12, choices=AuditEntry.Source)
    actor = models.CharField(max_length=120)
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    request_id = models.CharField(max_length=36, blank=True)
    context = models.JSONField(default=dict, blank=True, help_text="The USER-CONTEXT headers of the call, as given")
    created_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True, blank=True, help_text="Blank: it waits")
    attempts = models.PositiveIntegerField(default=0, help_text="How often it was tried, the success included")
    last_error = models.CharField(max_length=100, blank=True, help_text="The kind of the error when it failed last")

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["organization", "customer", "id"], condition=models.Q(worked_at=None), name="deferred_event_waiting"
            ),
            models.Index(fields=["organization", "customer", "-id"], name="deferred_event_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of customer {self.customer_id}"
