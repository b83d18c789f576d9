"""Rows of one-time codes that customers confirm something with (tills' part 4.2)."""

from django.db import models

from customers.profile.models import Customer
from organizations.tenancy.scoping import TenantModel


class ValidationCode(TenantModel):
    """A code for one customer and purpose. It is encrypted, not hashed: until it expires it may be sent again.

    A used code is kept until it expires, so that a repeat of the call that used it gets the same answer.
    """

    class Purpose(models.TextChoices):
        POINTS = "points", "redeeming points"
        IDENTITY = "identity", "changing identifiers"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="validation_codes", db_index=False)
    purpose = models.CharField(max_length=8, choices=Purpose)
    sealed = models.CharField(max_length=200, help_text="The code, encrypted")
    points = models.DecimalField(
        max_digits=18, decimal_places=3, null=True, blank=True, help_text="What it confirms at most; blank: no limit"
    )
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0, help_text="Wrong codes that were presented in its place")
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "customer", "purpose"],
                condition=models.Q(used_at__isnull=True),
                name="validation_code_one_unused",
            ),
        ]
        indexes = [models.Index(fields=["organization", "customer"], name="validation_code_of_customer")]

    def __str__(self) -> str:
        return f"Code {self.pk} for {self.get_purpose_display()}"
