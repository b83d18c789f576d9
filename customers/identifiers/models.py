"""Rows of customers' identifiers: mobile numbers, e-mail addresses, external ids."""

from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from customers.profile.text import FOLDED_LENGTH
from loyalty_project.db.columns import reversed_field
from organizations.staff.sight import shown_identifier
from organizations.tenancy.scoping import TenantModel


class Identifier(TenantModel):
    """One value of one kind. If the policy makes the kind exclusive, a value belongs to one customer of the organization."""

    class Kind(models.TextChoices):
        MOBILE = "mobile", "mobile"
        EMAIL = "email", "email"
        EXTERNAL_ID = "external_id", "external ID"

    class State(models.TextChoices):
        CURRENT = "CURRENT", "current"
        MERGED = "MERGED", "came with a merged customer"
        FORMER = "FORMER", "no longer used"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identifiers", db_index=False)
    kind = models.CharField(max_length=11, choices=Kind)
    value = models.CharField(
        max_length=254, db_collation="C", help_text="Mobiles: digits with country code; e-mails: lower case"
    )
    state = models.CharField(max_length=7, choices=State, default=State.CURRENT)
    exclusive = models.BooleanField(default=True, help_text="Nobody else may have this value; set by the organization's policy")
    value_folded = models.CharField(
        max_length=FOLDED_LENGTH, blank=True, db_collation="C", editable=False, help_text="By which it is searched"
    )
    value_reversed = reversed_field("value_folded")

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "value"],
                condition=models.Q(exclusive=True),
                name="identifier_value_unique",
            ),
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=models.Q(state="CURRENT"), name="identifier_one_current_per_kind"
            ),
        ]
        # With the partial unique index above, every row is in exactly one of the two.
        indexes = [
            models.Index(
                fields=["organization", "kind", "value"], condition=models.Q(exclusive=False), name="identifier_value_shared"
            ),
            models.Index(fields=["customer"], name="identifier_of_customer"),
            models.Index(
                fields=["organization", "kind", "value_folded", "customer"],
                include=["state", "id"],
                condition=~models.Q(state="FORMER"),
                name="identifier_folded",
            ),
            models.Index(
                fields=["organization", "kind", "value_reversed", "customer"],
                include=["state", "id"],
                condition=~models.Q(state="FORMER"),
                name="identifier_reversed",
            ),
        ]

    def __str__(self) -> str:
        """The value as the current user of the back office may see it."""
        return shown_identifier(self.kind, self.value, customer_id=self.customer_id)
