"""Card series, and counters of generated numbers."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from organizations.tenancy.scoping import TenantModel


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


class Counter(TenantModel):
    """The last number used under a name, for example in a card series."""

    name = models.CharField(max_length=100, db_collation="C")
    last = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="counter_name_unique")]

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"
