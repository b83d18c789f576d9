"""Accounts, entries, lots and consumptions of points (docs/ledger.md).

Only `engagement.points.ledger` writes these rows. The database refuses to change or delete entries and consumptions.
"""

from decimal import Decimal
from typing import ClassVar

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from engagement.bills.models import Bill
from engagement.programs.models import Program, ProgramVersion
from organizations.locations.models import Store, Till
from organizations.tenancy.scoping import TenantModel

# Floor of an account whose program lets returns take back spent points.
NO_FLOOR = Decimal("-999999999999999.999")
ZERO = Decimal(0)


def points_field(help_text: str = "") -> "models.DecimalField[Decimal, Decimal]":
    """A column of points: 15 digits before the point and 3 behind it, 0 by default."""
    return models.DecimalField(max_digits=18, decimal_places=3, default=ZERO, help_text=help_text)


class PointsAccount(TenantModel):
    """The points of a customer in a program, with cached totals. `check_ledger` proves them from the entries.

    balance = lifetime - redeemed - expired - returned + adjusted, always. Promised points stand apart until they are released.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="points_accounts", db_index=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="points_accounts", db_index=False)
    balance = points_field("What may be spent; below zero only where the program allows returns to go there")
    promised = points_field("Awarded, but not to be spent yet")
    lifetime = points_field("All that was ever credited by awards")
    redeemed = points_field("Net of reversals")
    expired = points_field()
    returned = points_field("Taken back because of returns")
    promised_returned = points_field("Promised points that a return took back")
    adjusted = points_field("Credits less debits")
    floor = points_field("The lowest balance that the program allows")
    purchases = points_field("Bought within the program, net of returns")
    visits = models.PositiveIntegerField(default=0, help_text="Bills counted within the program")
    version = models.PositiveIntegerField(default=0, help_text="Number of entries")
    last_active_on = models.DateField(
        null=True, blank=True, help_text="The last bill, or what else keeps points alive by the rules"
    )
    last_earned_on = models.DateField(null=True, blank=True, help_text="Moves the points that each earning renews")
    due_at = models.DateTimeField(null=True, blank=True, help_text="The earliest moment at which anything changes by itself")
    moved_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="moved_accounts",
        help_text="The account that has its points since a merge; this one is its history",
    )

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # One live account; moved accounts are exempt, and yet in the same index.
            models.UniqueConstraint(
                "organization",
                "customer",
                "program",
                models.Case(
                    models.When(moved_to__isnull=True, then=models.Value(0)),
                    default=models.F("id"),
                    output_field=models.BigIntegerField(),
                ),
                name="points_account_unique",
            ),
            models.CheckConstraint(
                name="points_account_moved_is_empty",
                condition=models.Q(moved_to__isnull=True)
                | models.Q(
                    balance=0, promised=0, lifetime=0, redeemed=0, expired=0, returned=0, adjusted=0, purchases=0, visits=0
                ),
            ),
            models.CheckConstraint(condition=models.Q(balance__gte=models.F("floor")), name="points_balance_above_floor"),
            models.CheckConstraint(condition=models.Q(promised__gte=0), name="points_promised_not_negative"),
            models.CheckConstraint(
                name="points_figures_add_up",
                condition=models.Q(
                    balance=models.F("lifetime")
                    - models.F("redeemed")
                    - models.F("expired")
                    - models.F("returned")
                    + models.F("adjusted")
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "due_at"], condition=models.Q(due_at__isnull=False), name="points_account_due"
            ),
            models.Index(fields=["organization", "program", "-balance", "customer"], name="points_account_of_program"),
            models.Index(fields=["organization", "program", "lifetime", "customer"], name="points_account_lifetime"),
        ]

    def __str__(self) -> str:
        return f"Account {self.pk}"


class ExpiringPoints(PointsAccount):
    """An account as the list of points that expire soon shows it."""

    class Meta:
        proxy = True
        verbose_name = verbose_name_plural = "points that expire soon"


class PointsEntry(TenantModel):
    """One movement of points, never changed. `explanation` has the rule and the figures for `points.explanations`."""

    class Kind(models.TextChoices):
        AWARD = "AWARD", "award"
        PROMISE = "PROMISE", "promise"
        RELEASE = "RELEASE", "release of a promise"
        REDEEM = "REDEEM", "redemption"
        REVERSAL = "REVERSAL", "reversal"
        RETURN = "RETURN", "return"
        EXPIRE = "EXPIRE", "expiry"
        ADJUST = "ADJUST", "adjustment"
        MERGE_OUT = "MERGE_OUT", "moved to another customer"
        MERGE_IN = "MERGE_IN", "came from another customer"

    account = models.ForeignKey(PointsAccount, on_delete=models.PROTECT, related_name="entries", db_index=False)
    version = models.PositiveIntegerField(help_text="Counts the account's entries from 1, without gaps")
    kind = models.CharField(max_length=9, choices=Kind)
    points = points_field("Effect on the balance")
    promised = points_field("Effect on the promised points")
    balance_after = points_field()
    occurred_at = models.DateTimeField(help_text="When it happened in the shop")
    recorded_at = models.DateTimeField(help_text="When it was written here")
    reference = models.CharField(max_length=100, blank=True, db_collation="C", help_text="Unique per account and kind")
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversals")
    program_version = models.ForeignKey(ProgramVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="entries", db_index=False)
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    note = models.CharField(max_length=250, blank=True)
    made_by = models.CharField(max_length=150, help_text="Till, client, member of staff or command")
    explanation = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["account", "-version"]
        verbose_name_plural = "points entries"
        constraints = [
            models.UniqueConstraint(fields=["organization", "account", "version"], name="points_entry_version_unique"),
            models.UniqueConstraint(
                fields=["organization", "account", "kind", "reference"],
                condition=~models.Q(reference=""),
                name="points_entry_reference_unique",
            ),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="points_entry_counts_from_one"),
        ]
        indexes = [
            models.Index(fields=["organization", "bill"], condition=models.Q(bill__isnull=False), name="points_entry_of_bill"),
            models.Index(fields=["organization", "-occurred_at"], name="points_entry_newest"),
            models.Index(fields=["organization", "account"], condition=models.Q(kind="EXPIRE"), name="points_entry_expired"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {abs(self.points or self.promised).normalize():f}"


class PointsLot(TenantModel):
    """Points that came together and expire together. `left` is not consumed yet; points in no other part were spent."""

    class Kind(models.TextChoices):
        REGULAR = "regular"
        PROMOTIONAL = "promotional"

    class Moves(models.TextChoices):
        NOT = "", "does not move"
        LAST_ACTIVITY = "last_activity", "with the last bill"
        ROLLING = "rolling", "with every earning"
        MEMBERSHIP = "membership", "with the tier"

    account = models.ForeignKey(PointsAccount, on_delete=models.PROTECT, related_name="lots", db_index=False)
    entry = models.OneToOneField(PointsEntry, on_delete=models.PROTECT, related_name="lot", help_text="What brought the points")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="lots", db_index=False)
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.REGULAR)
    points = points_field()
    left = points_field()
    expired = points_field()
    returned = points_field("Taken back by returns of the bill that brought it")
    moved = points_field("To the account of another customer, by a merge")
    awarded_at = models.DateTimeField()
    opens_at = models.DateTimeField(null=True, blank=True, help_text="Until then the points are promised; blank: at once")
    is_open = models.BooleanField(default=True, help_text="May be spent; closed while the points are promised")
    expires_on = models.DateField(
        null=True, blank=True, help_text="The last good day, in the organization's zone; blank: never, or it moves"
    )
    moves = models.CharField(max_length=13, choices=Moves, blank=True, default=Moves.NOT)
    moves_months = models.PositiveIntegerField(null=True, blank=True)
    moved_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="moved_lots",
        db_index=False,
        help_text="The lot of another account whose points these were before a merge",
    )

    class Meta:
        ordering = ["account", "pk"]
        constraints = [
            models.CheckConstraint(
                name="points_lot_parts_within_points",
                condition=models.Q(left__gte=0, expired__gte=0, returned__gte=0, moved__gte=0)
                & models.Q(points__gte=models.F("left") + models.F("expired") + models.F("returned") + models.F("moved")),
            ),
            models.CheckConstraint(
                condition=models.Q(is_open=True) | models.Q(opens_at__isnull=False), name="points_lot_closed_until_a_moment"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "account"], condition=models.Q(left__gt=0), name="points_lot_with_points"),
            models.Index(fields=["organization", "bill"], condition=models.Q(bill__isnull=False), name="points_lot_of_bill"),
            models.Index(
                fields=["organization", "account"], condition=models.Q(kind="promotional"), name="points_lot_promotional"
            ),
            models.Index(fields=["moved_from"], condition=models.Q(moved_from__isnull=False), name="points_lot_moved"),
        ]

    def __str__(self) -> str:
        return f"Lot {self.pk}"

    @property
    def spent(self) -> Decimal:
        """Points consumed by redemptions, debits and the returns of other bills."""
        return self.points - self.left - self.expired - self.returned - self.moved


class PointsConsumption(TenantModel):
    """Points that an entry took from a lot; below zero if it gave them back."""

    entry = models.ForeignKey(PointsEntry, on_delete=models.PROTECT, related_name="consumptions", db_index=False)
    lot = models.ForeignKey(PointsLot, on_delete=models.PROTECT, related_name="consumptions", db_index=False)
    points = points_field()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(points=0), name="points_consumption_not_zero")]
        indexes = [
            models.Index(fields=["organization", "entry"], name="points_consumption_of_entry"),
            models.Index(fields=["organization", "lot"], name="points_consumption_of_lot"),
        ]

    def __str__(self) -> str:
        return f"{self.points.normalize():f} of lot {self.lot_id}"


class BillPoints(TenantModel):
    """A sale in a program where it counted: the points it brought, and those that its returns have claimed so far.

    `claimed` is floor(issued x returned / amount), so that parts add up to the whole. `claimed_spent` is the part of it that
    had been spent when it was claimed: it was taken from other lots, or forgiven. What lines brought is claimed by their part
    of what came back (`engagement.earning.parts`).
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="points", db_index=False)
    account = models.ForeignKey(PointsAccount, on_delete=models.PROTECT, related_name="bill_points", db_index=False)
    issued = points_field("Awarded or promised")
    of_lines = models.JSONField(default=list, blank=True, help_text="Points of some lines, with the positions of these")
    claimed = points_field("Asked back by returns")
    taken = points_field("Of those claimed: what was there to take back, promised points included")
    claimed_spent = points_field("Of those claimed: what had been spent")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "bill points"
        constraints = [
            models.UniqueConstraint(fields=["organization", "bill", "account"], name="bill_points_unique"),
            models.CheckConstraint(
                condition=models.Q(claimed__gte=0)
                & models.Q(claimed__lte=models.F("issued"))
                & models.Q(claimed_spent__lte=models.F("claimed"))
                & models.Q(taken__lte=models.F("claimed")),
                name="bill_points_claimed_within_issued",
            ),
        ]
        indexes = [models.Index(fields=["organization", "account"], name="bill_points_of_account")]

    def __str__(self) -> str:
        return f"{self.issued.normalize():f} by bill {self.bill_id}"
