"""Rows of cards, issued or not."""

from django.db import models

from customers.profile.models import Customer
from organizations.card_series.models import CardSeries
from organizations.tenancy.scoping import TenantModel


class Card(TenantModel):
    """One loyalty card. Without a customer it is unissued."""

    class Status(models.TextChoices):
        NOT_ISSUED = "NOT_ISSUED", "not issued"
        ISSUED = "ISSUED", "issued"
        ACTIVE = "ACTIVE", "active"
        INACTIVE = "INACTIVE", "inactive"
        SUSPENDED = "SUSPENDED", "suspended"
        EXPIRED = "EXPIRED", "expired"
        DELETED = "DELETED", "deleted"

    series = models.ForeignKey(CardSeries, on_delete=models.PROTECT, related_name="cards")
    number = models.CharField(max_length=50, db_collation="C")
    external_id = models.CharField(max_length=100, blank=True, db_collation="C")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="cards")
    status = models.CharField(max_length=10, choices=Status, default=Status.NOT_ISSUED)
    label = models.CharField(max_length=100, blank=True)
    issued_on = models.DateTimeField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="card_number_unique"),
            models.UniqueConstraint(
                fields=["organization", "external_id"], condition=~models.Q(external_id=""), name="card_external_id_unique"
            ),
            models.CheckConstraint(
                name="card_issued_to_somebody",
                condition=(models.Q(customer__isnull=True) & ~models.Q(status__in=["ISSUED", "ACTIVE"]))
                | (models.Q(customer__isnull=False) & ~models.Q(status="NOT_ISSUED")),
            ),
        ]

    def __str__(self) -> str:
        return self.number
