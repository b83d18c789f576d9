"""What does an organization ask, issue and accept? Fields, card series, source accounts, and the counters behind numbers."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from organizations.scoping import TenantModel


class FieldDefinition(TenantModel):
    """A question that the organization asks: of customers (custom, extended, preference), tickets or transactions."""

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


class CardSeries(TenantModel):
    """A kind of loyalty card, with the form of its numbers."""

    class Type(models.TextChoices):
        PHYSICAL = "PHYSICAL"
        DIGITAL = "DIGITAL"

    code = models.CharField(max_length=50, db_collation="C")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=8, choices=Type, default=Type.PHYSICAL)
    generates = models.BooleanField(default=False, help_text="Numbers may be generated when a customer registers")
    prefix = models.CharField(max_length=20, blank=True)
    length = models.PositiveSmallIntegerField(
        default=16,
        validators=[MinValueValidator(4), MaxValueValidator(50)],
        help_text="Characters of a generated number, prefix included",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "card series"
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="card_series_code_unique")]

    def __str__(self) -> str:
        return self.name


class SourceAccount(TenantModel):
    """An account of the organization at another source, for example its WeChat account."""

    source = models.CharField(max_length=20, db_collation="C")
    account = models.CharField(max_length=100, db_collation="C")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["source", "account"]
        constraints = [models.UniqueConstraint(fields=["organization", "source", "account"], name="source_account_unique")]

    def __str__(self) -> str:
        return f"{self.source} {self.account}"


class Counter(TenantModel):
    """The last number given out under a name, for example in a card series."""

    name = models.CharField(max_length=100, db_collation="C")
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="counter_name_unique")]

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"
