"""Rows of notes about customers."""

from django.db import models

from customers.profile.models import Customer
from engagement.notes.rules import LONGEST, LONGEST_ASSOCIATE
from organizations.tenancy.scoping import TenantModel


class Note(TenantModel):
    """A note about a customer (docs/protocol.md 4.8). `noted_at` is the date that was stated, `recorded_at` when it came."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notes", db_index=False)
    description = models.CharField("note", max_length=LONGEST)
    noted_at = models.DateTimeField("date")
    recorded_at = models.DateTimeField()
    associate_id = models.CharField(
        "associate", max_length=LONGEST_ASSOCIATE, blank=True, db_collation="C", help_text="Id of the person who wrote it"
    )
    made_by = models.CharField(max_length=120, help_text="till:CODE, client:KEY, staff:NAME or command:NAME")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(description=""), name="note_says_something")]
        indexes = [
            models.Index(fields=["organization", "customer", "-noted_at", "-id"], name="note_of_customer"),
            models.Index(fields=["organization", "-noted_at", "-id"], name="note_newest"),
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"
