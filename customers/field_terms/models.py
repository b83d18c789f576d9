"""Rows of indexed answers to searchable fields (docs/protocol.md 4.4)."""

from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from customers.profile.text import FOLDED_LENGTH
from loyalty_project.db.columns import reversed_field
from organizations.fields.models import FieldDefinition
from organizations.tenancy.scoping import TenantModel


class IndexedField(TenantModel):
    """A field whose answers are kept as `FieldTerm` rows."""

    field = models.OneToOneField(FieldDefinition, on_delete=models.CASCADE, related_name="indexed")
    is_complete = models.BooleanField(default=False, help_text="Earlier answers stand there as well: searches may rely on it")

    def __str__(self) -> str:
        return f"Terms of {self.field_id}"


class FieldTerm(TenantModel):
    """A customer's folded answer to an indexed field; a row for each of several options."""

    field = models.ForeignKey(FieldDefinition, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    folded = models.CharField(max_length=FOLDED_LENGTH, db_collation="C")
    reversed = reversed_field("folded")
    position = models.PositiveSmallIntegerField(help_text="Counts the customer's answers to the field from 1")

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "customer", "field", "folded"], name="field_term_unique"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "field", "folded", "customer"], include=["position"], name="field_term_folded"
            ),
            models.Index(
                fields=["organization", "field", "reversed", "customer"], include=["position"], name="field_term_reversed"
            ),
        ]

    def __str__(self) -> str:
        return self.folded
