"""Recommendations that another system made, and pairs of items that are bought together."""

from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from organizations.tenancy.scoping import TenantModel


class Recommendation(TenantModel):
    """A product that another system recommends to a customer (docs/imports.md, Recommendations)."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="recommendations", db_index=False)
    item_sku = models.CharField("item", max_length=100, db_collation="C")
    description = models.CharField(max_length=250, blank=True)
    price = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True)
    img_url = models.CharField("picture", max_length=500, blank=True)
    score = models.DecimalField(
        max_digits=20, decimal_places=10, null=True, blank=True, help_text="Of the system that recommends; the highest is first"
    )
    imported_at = models.DateTimeField(help_text="When an import changed it last")

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "customer", "item_sku"], name="recommendation_unique"),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gte=0), name="recommendation_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.item_sku


class ItemPair(TenantModel):
    """An item that buyers of another item buy: `build_recommendations` computes all pairs of an organization anew.

    `lift` says how much more often both are on a bill than they would be by chance: 1 is chance. Descriptions and price are
    those of the latest line.
    """

    item_code = models.CharField("item", max_length=100, db_collation="C")
    item_description = models.CharField("description", max_length=250, blank=True)
    other_code = models.CharField("bought with it", max_length=100, db_collation="C")
    other_description = models.CharField("its description", max_length=250, blank=True)
    other_price = models.DecimalField("price", max_digits=15, decimal_places=3, null=True, blank=True)
    bills = models.PositiveIntegerField(help_text="With both items")
    lift = models.DecimalField(max_digits=15, decimal_places=3)
    built_at = models.DateTimeField()

    class Meta:
        ordering = ["-lift", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "item_code", "other_code"], name="item_pair_unique"),
            models.CheckConstraint(condition=~models.Q(item_code=models.F("other_code")), name="item_pair_of_two_items"),
        ]
        indexes = [models.Index(fields=["organization", "-lift", "-id"], name="item_pair_by_lift")]

    def __str__(self) -> str:
        return f"{self.item_code} and {self.other_code}"
