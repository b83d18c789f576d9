"""Bills, their lines, and the purchase totals of customers."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar, NamedTuple

from django.db import models

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from organizations.locations.models import Store, Till
from organizations.tenancy.scoping import TenantModel

ZERO = Decimal(0)


def money_field(help_text: str = "") -> "models.DecimalField[Decimal, Decimal]":
    """A column of money: 12 digits before the decimal point, 3 after it (no currency has more), 0 by default."""
    return models.DecimalField(max_digits=15, decimal_places=3, default=ZERO, help_text=help_text)


class BillIdentity(NamedTuple):
    """What identifies a bill for ever (tills' part 2.4): sales and returns apart, scope of the number, number, billing day."""

    is_return: bool
    scope: str
    number: str
    billed_on: date


class Bill(TenantModel):
    """A sale or a return. Only what was returned of it and its description (notes, delivery) change later.

    A bill is identified by its `scope` (till, store, or organization, by policy), number and billing day, for ever. Sales and
    returns have separate namespaces (docs/protocol.md 4.6, tills' part 2.4).
    """

    class Type(models.TextChoices):
        REGULAR = "REGULAR", "sale"
        RETURN = "RETURN", "return"
        NOT_INTERESTED = "NOT_INTERESTED", "anonymous sale"
        NOT_INTERESTED_RETURN = "NOT_INTERESTED_RETURN", "anonymous return"
        MIXED = "MIXED", "sale with returns"
        NI_MIXED = "NI_MIXED", "anonymous sale with returns"

    class ReturnType(models.TextChoices):
        NONE = "", "no return"
        FULL = "FULL", "the whole bill"
        AMOUNT = "AMOUNT", "an amount"
        LINE_ITEM = "LINE_ITEM", "lines"

    class Outlier(models.TextChoices):
        NORMAL = "NORMAL"
        INTERNAL = "INTERNAL"
        INVALID = "INVALID"
        OUTLIER = "OUTLIER"
        FAILED = "FAILED"
        DELETED = "DELETED"
        RETRO = "RETRO"
        FRAUD = "FRAUD"
        TEST = "TEST"
        OTHER = "OTHER"

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="bills", db_index=False
    )
    type = models.CharField(max_length=21, choices=Type, default=Type.REGULAR)
    number = models.CharField(max_length=50, db_collation="C")
    scope = models.CharField(max_length=50, db_collation="C", editable=False, help_text="Within what the number is unique")
    billed_on = models.DateField(editable=False, help_text="The billing day, in the organization's zone")
    billed_at = models.DateTimeField("billing time")
    recorded_at = models.DateTimeField()
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="bills", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="bills", db_index=False)
    amount = money_field("Net, after discount; a return's is what came back")
    gross_amount = money_field("Before discount")
    discount = money_field()
    returned_amount = money_field("Of a sale: what has come back so far")
    is_returned = models.BooleanField(default=False, help_text="Of a sale: has come back whole")
    return_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="returns", db_index=False
    )
    part_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        db_index=False,
        help_text="The mixed bill whose returned lines these are",
    )
    return_type = models.CharField(max_length=9, choices=ReturnType, blank=True, default=ReturnType.NONE)
    sale_returned = money_field("Of a return: how much of the sale has come back with it and before it")
    returned_number = models.CharField(
        max_length=50, blank=True, db_collation="C", help_text="The sale's number, as the return named it"
    )
    outlier_status = models.CharField(max_length=8, choices=Outlier, default=Outlier.NORMAL)
    delivery_status = models.CharField(max_length=50, blank=True, default="DELIVERED")
    notes = models.CharField(max_length=250, blank=True)
    source = models.CharField(max_length=20, default="INSTORE")
    currency = models.CharField(max_length=3, help_text="ISO 4217; the organization's, but for foreign bills")
    currency_ratio = models.DecimalField(max_digits=18, decimal_places=8, default=Decimal(1))
    field_values = models.JSONField(default=dict, blank=True, help_text="Canonical values of transaction fields by field id")
    details = models.JSONField(default=dict, blank=True, help_text="Payments, credit notes, cashier and the like, as sent")
    stated_points = models.DecimalField(
        max_digits=18, decimal_places=3, null=True, blank=True, help_text="Points that an imported file states: no rule runs"
    )
    content = models.CharField(max_length=64, blank=True, editable=False, help_text="Digest of the lines as they were sent")
    recorded_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "scope", "number", "billed_on"],
                condition=~models.Q(type__in=["RETURN", "NOT_INTERESTED_RETURN"]),
                name="bill_identity_unique",
            ),
            models.UniqueConstraint(
                fields=["organization", "scope", "number", "billed_on"],
                condition=models.Q(type__in=["RETURN", "NOT_INTERESTED_RETURN"]),
                name="bill_return_identity_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(returned_amount__gte=0) & models.Q(returned_amount__lte=models.F("amount")),
                name="bill_returned_within_amount",
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="bill_amount_not_negative"),
        ]
        indexes = [
            models.Index(fields=["organization", "customer", "-billed_at"], name="bill_of_customer"),
            models.Index(fields=["organization", "number"], name="bill_number"),
            models.Index(fields=["organization", "-billed_at"], name="bill_newest"),
            models.Index(fields=["organization", "store", "-billed_at"], name="bill_of_store"),
            models.Index(
                fields=["organization", "return_of"], condition=models.Q(return_of__isnull=False), name="bill_returns"
            ),
            models.Index(fields=["organization", "part_of"], condition=models.Q(part_of__isnull=False), name="bill_parts"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_return(self) -> bool:
        """True for a return, anonymous or not."""
        return self.type in RETURNS

    @property
    def identity(self) -> BillIdentity:
        """Its identity."""
        return BillIdentity(self.is_return, self.scope, self.number, self.billed_on)

    @property
    def has_outlier_lines(self) -> bool:
        """True if any of its lines earns nothing."""
        return bool(self.details.get("has_outlier_lines"))

    @property
    def counts(self) -> bool:
        """True if the bill counts in purchases, visits and points: of a customer, not anonymous, not an outlier."""
        return self.customer_id is not None and self.type not in ANONYMOUS and self.outlier_status == Bill.Outlier.NORMAL


RETURNS = frozenset({Bill.Type.RETURN, Bill.Type.NOT_INTERESTED_RETURN})
ANONYMOUS = frozenset({Bill.Type.NOT_INTERESTED, Bill.Type.NOT_INTERESTED_RETURN, Bill.Type.NI_MIXED})
# Types whose answer says how many points the bill took back.
SHOWING_POINTS = frozenset({Bill.Type.RETURN, Bill.Type.MIXED})


class BillAnswer(TenantModel):
    """The answer that a till got to a bill, for the same bill sent again: figures and effects, without personal data.

    The key of its customer is that of the bill (docs/protocol.md, tills' part 2.4).
    """

    bill = models.OneToOneField(Bill, on_delete=models.PROTECT, related_name="answer")
    content = models.TextField(help_text="Figures after the bill, effects and warnings as JSON text, which keeps the figures")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"Answer to bill {self.bill_id}"


class BillLine(TenantModel):
    """A line of a bill."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines", db_index=False)
    position = models.PositiveIntegerField(help_text="Counts from 1")
    serial = models.CharField(max_length=50, blank=True, help_text="As the till numbered it; need not be unique")
    item_code = models.CharField(max_length=100, db_collation="C")
    description = models.CharField(max_length=250, blank=True)
    quantity = money_field()
    rate = money_field()
    value = money_field("Before discount")
    discount = money_field()
    amount = money_field("Net, after discount")
    returned_quantity = money_field()
    returned_amount = money_field()
    sale_line = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="return_lines", db_index=False
    )
    details = models.JSONField(default=dict, blank=True, help_text="Variant, attributes, add-on items and the like, as sent")

    class Meta:
        ordering = ["bill", "position"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "bill", "position"], name="bill_line_position_unique"),
            models.CheckConstraint(
                condition=models.Q(returned_quantity__gte=0)
                & models.Q(returned_quantity__lte=models.F("quantity"))
                & models.Q(returned_amount__gte=0)
                & models.Q(returned_amount__lte=models.F("amount")),
                name="bill_line_returned_within_line",
            ),
        ]
        indexes = [models.Index(fields=["organization", "item_code"], name="bill_line_item")]

    def __str__(self) -> str:
        return self.item_code

    @property
    def attributes(self) -> Mapping[str, str]:
        """Its attributes by name, at which earning rules look."""
        attributes: Mapping[str, str] = self.details.get("attributes", {})
        return attributes

    @property
    def is_outlier(self) -> bool:
        """True for a line that earns nothing (tills' part 2.2)."""
        return "outlier_status" in self.details


class PurchaseTotals(TenantModel):
    """All purchases of a customer: every store, with or without a program, net of returns (docs/protocol.md 2.7)."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="purchase_totals")
    amount = models.DecimalField("lifetime purchases", max_digits=18, decimal_places=3, default=ZERO)
    bills = models.PositiveIntegerField(default=0)
    last_billed_at = models.DateTimeField(null=True, blank=True)
    last_amount = money_field("Of the last sale")

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "purchase totals"
        indexes = [
            models.Index(fields=["organization", "amount", "customer"], name="purchases_amount"),
            models.Index(fields=["organization", "last_amount", "customer"], name="purchases_last_amount"),
        ]

    def __str__(self) -> str:
        return f"Purchases of {self.customer_id}"
