"""Figures that the start page shows: sums by store and day, and counts as of the last refresh.

Only `engagement.figures.refreshing` writes these rows. All of them can be computed anew from bills, entries and customers.
"""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from engagement.programs.models import Program, Tier
from organizations.locations.models import Store
from organizations.tenancy.scoping import TenantModel

ZERO: Decimal = Decimal(0)


def sum_field(help_text: str = "") -> "models.DecimalField[Decimal, Decimal]":
    """A column of a sum of points or money: three decimals, and room for more than any row has."""
    return models.DecimalField(max_digits=24, decimal_places=3, default=ZERO, help_text=help_text)


class DayFigures(TenantModel):
    """Registrations and bills of a store on a day in the organization's zone. Without a store: those that name none.

    Bills that are outliers do not count.
    """

    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    day = models.DateField()
    joined = models.PositiveBigIntegerField(default=0, help_text="Customers who registered, merged ones left out")
    bills = models.PositiveBigIntegerField(default=0, help_text="Sales, with or without a customer")
    customer_bills = models.PositiveBigIntegerField(default=0, help_text="Sales with a customer")
    sales = sum_field("Amount of the sales less that of the returns")

    class Meta:
        ordering = ["-day", "store"]
        verbose_name_plural = "day figures"
        # Not of a model of the back office: what may be seen is the start page.
        default_permissions = ()
        permissions: ClassVar = [("view_figures", "Can see the figures of the start page")]
        constraints = [
            models.UniqueConstraint(fields=["organization", "day", "store"], name="day_figures_unique", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.day} at {self.store_id or 'no store'}"


class PointsFigures(TenantModel):
    """Points of a program that moved at a store on a day in the organization's zone.

    `earned - redeemed - expired - returned + adjusted` is the change of all balances. Merges change nothing.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    day = models.DateField()
    earned = sum_field("Awards, and promised points that were released")
    redeemed = sum_field("Less reversals")
    expired = sum_field()
    returned = sum_field("Taken back because of returns")
    adjusted = sum_field("Credits less debits")

    class Meta:
        ordering = ["-day", "program", "store"]
        verbose_name_plural = "points figures"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "day", "program", "store"], name="points_figures_unique", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} in {self.program_id} at {self.store_id or 'no store'}"


class ActiveCustomers(TenantModel):
    """Number of customers who bought at any of some stores within some days. They are counted once, so no sums give it."""

    stores = ArrayField(models.BigIntegerField(), help_text="Ids in ascending order; empty: anywhere")
    first_day = models.DateField()
    last_day = models.DateField()
    customers = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-last_day", "first_day", "pk"]
        verbose_name_plural = "active customers"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["organization", "last_day", "first_day", "stores"], name="active_customers_unique")
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"


class TierFigures(TenantModel):
    """Members of a tier, by the store where they registered, and their points, as of the last refresh.

    Without a tier: members of a program without tiers, and points of customers who are no members.
    """

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="+", db_index=False)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    members = models.PositiveBigIntegerField(default=0)
    points = sum_field("Balances")
    promised = sum_field("Points that may be spent later")

    class Meta:
        ordering = ["program", "tier", "store"]
        verbose_name_plural = "tier figures"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "program", "tier", "store"], name="tier_figures_unique", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.members} of {self.tier_id or 'no tier'} at {self.store_id or 'no store'}"


class FiguresRefresh(TenantModel):
    """A refresh that ended well: what it has seen, so that a later one knows which days have changed since."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    timezone = models.CharField(max_length=64, help_text="The zone that decided the days")
    is_complete = models.BooleanField(default=False, help_text="Every day was counted anew")
    days = models.PositiveIntegerField(default=0, help_text="Days that were counted anew")
    last_customer = models.BigIntegerField(default=0, help_text="The highest id as it started, of any organization")
    last_bill = models.BigIntegerField(default=0)
    last_entry = models.BigIntegerField(default=0)
    last_audit = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "figures refreshes"
        default_permissions = ()
        indexes = [models.Index(fields=["organization", "-id"], name="figures_refresh_newest")]

    def __str__(self) -> str:
        return f"Refresh of {self.started_at:%Y-%m-%d %H:%M}"
