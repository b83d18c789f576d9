"""Certificates of erasures: what was emptied where, when, by which actor."""

from django.db import models

from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.tenancy.scoping import TenantModel


class Erasure(TenantModel):
    """Certificate that a customer's personal data was emptied; it has none itself. The database never changes it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="erasures", db_index=False)
    erased_at = models.DateTimeField()
    source = models.CharField(max_length=12, choices=AuditEntry.Source)
    actor = models.CharField("erased by", max_length=120, help_text="staff:NAME or command:NAME")
    basis = models.CharField(max_length=250, help_text="Why it was erased, without personal data: the number of the request")
    merged = models.JSONField(default=list, help_text="Ids of the merged customers who were erased with this one")
    places = models.JSONField(default=list, help_text="What was emptied: the names of places with their numbers of rows")
    digest = models.CharField(max_length=64, help_text="SHA-256 of all the rest, by which a printed certificate is checked")

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("erase_customer", "Can erase the personal data of customers"),
            ("export_customer", "Can export all data about a customer"),
        ]
        constraints = [models.UniqueConstraint(fields=["organization", "customer"], name="erasure_once")]
        indexes = [models.Index(fields=["organization", "-id"], name="erasure_newest")]

    def __str__(self) -> str:
        return f"Erasure of customer {self.customer_id}"
