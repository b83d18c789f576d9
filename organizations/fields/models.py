"""Fields that an organization defines."""

from django.db import models

from organizations.tenancy.scoping import TenantModel


class FieldDefinition(TenantModel):
    """A field of customers (custom, extended, preference), tickets or transactions."""

    class Category(models.TextChoices):
        CUSTOM = "custom"
        EXTENDED = "extended"
        PREFERENCE = "preference"
        TICKET = "ticket"
        TRANSACTION = "transaction"

    class Type(models.TextChoices):
        TEXT = "text"
        NUMBER = "number"
        DATE = "date"
        BOOLEAN = "boolean"
        ENUM = "enum", "one of the options"
        MULTI = "multi", "some of the options"

    category = models.CharField(max_length=12, choices=Category)
    name = models.CharField(max_length=100, db_collation="C")
    type = models.CharField(max_length=8, choices=Type, default=Type.TEXT)
    options = models.JSONField(default=list, blank=True, help_text="For enum and multi: the values, in their own case")
    max_length = models.PositiveIntegerField(null=True, blank=True, help_text="For text; blank: 2000")
    labels = models.JSONField(default=dict, blank=True, help_text="Translated labels by language code")
    is_mandatory = models.BooleanField(default=False)
    is_searchable = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0, help_text="Order in forms and answers")

    class Meta:
        ordering = ["category", "position", "name"]
        constraints = [models.UniqueConstraint(fields=["organization", "category", "name"], name="field_name_unique")]

    def __str__(self) -> str:
        return self.name
