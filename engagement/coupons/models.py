"""Coupon series and their versions; coupons, their redemptions and reversals."""

from functools import cached_property
from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper

from customers.profile.models import Customer
from customers.profile.querysets import CustomerRowsManager
from engagement.bills.models import Bill
from engagement.coupons.rules import SeriesTerms
from organizations.locations.models import Store, Till
from organizations.tenancy.scoping import TenantModel


class CouponSeries(TenantModel):
    """A kind of coupon (docs/organization-file.md, coupon_series). Its terms are in its versions."""

    code = models.CharField(max_length=50, db_collation="C")
    external_id = models.BigIntegerField(
        null=True, blank=True, help_text="The number by which tills know the series, if it is not our own id"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        verbose_name = "coupon series"
        verbose_name_plural = "coupon series"
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="coupon_series_code_unique"),
            # Deferred: a file may exchange the numbers of two series.
            models.UniqueConstraint(
                fields=["organization", "external_id"],
                name="coupon_series_external_id_unique",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CouponSeriesVersion(TenantModel):
    """Terms of a series until a newer version. The database refuses to change or delete one.

    `terms` is the series' part of the organization file in its shortest form, without the columns of the series itself.
    """

    series = models.ForeignKey(CouponSeries, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="Counts from 1 without gaps")
    terms = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["series", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "series", "number"], name="coupon_series_version_unique"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="coupon_series_version_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.series}, version {self.number}"

    @cached_property
    def typed_terms(self) -> SeriesTerms:
        """The terms as typed values, read once for this instance. Reads the series."""
        return SeriesTerms.from_json(self.terms, code=self.series.code)


class SeriesIssues(TenantModel):
    """Number of coupons that a series has ever issued, with the limit of the version by which the latest was issued."""

    series = models.OneToOneField(CouponSeries, on_delete=models.PROTECT, related_name="issues")
    issued = models.BigIntegerField(default=0)
    most = models.BigIntegerField(null=True, blank=True, help_text="Blank: unlimited")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(most__isnull=True) | models.Q(issued__lte=models.F("most")), name="coupon_series_within_max"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series_id}: {self.issued}"


class Coupon(TenantModel):
    """A coupon of a customer, or a printed code that becomes the coupon of the first customer who redeems it.

    `customer` has it now; `issued_to` got it, which merges do not change: limits of a series count by it. `nth` numbers the
    coupons of a customer in a series that limits them.
    """

    series = models.ForeignKey(CouponSeries, on_delete=models.PROTECT, related_name="coupons", db_index=False)
    version = models.ForeignKey(CouponSeriesVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="coupons", db_index=False
    )
    issued_to = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    nth = models.PositiveIntegerField(
        null=True, blank=True, help_text="Blank if the series does not limit a customer's coupons"
    )
    code = models.CharField(max_length=50, db_collation="C")
    issued_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    valid_till = models.DateTimeField(help_text="The last second of its validity")
    uses = models.PositiveIntegerField(default=0, help_text="Redemptions that were not reversed")
    most_uses = models.PositiveIntegerField(null=True, blank=True, help_text="Blank: unlimited")
    reference = models.CharField(
        max_length=100, blank=True, db_collation="C", help_text="The till's reference number of the issue"
    )
    transaction_number = models.CharField(
        max_length=100, blank=True, db_collation="C", help_text="The bill with which it was issued"
    )
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    made_by = models.CharField(max_length=120)
    run = models.ForeignKey("CodeRun", on_delete=models.PROTECT, null=True, blank=True, related_name="coupons", db_index=False)

    objects: ClassVar = CustomerRowsManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # The folded code: codes are found without case.
            models.UniqueConstraint(models.F("organization"), Upper("code"), name="coupon_code_unique"),
            models.UniqueConstraint(
                fields=["organization", "issued_to", "series", "nth"],
                condition=models.Q(nth__isnull=False),
                name="coupon_nth_of_customer_unique",
            ),
            models.UniqueConstraint(
                fields=["organization", "issued_to", "reference"],
                condition=~models.Q(reference=""),
                name="coupon_reference_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(most_uses__isnull=True) | models.Q(uses__lte=models.F("most_uses")),
                name="coupon_uses_within_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(customer__isnull=True, issued_to__isnull=True)
                | models.Q(customer__isnull=False, issued_to__isnull=False),
                name="coupon_has_its_first_customer",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "customer", "-issued_at", "-id"], name="coupon_of_customer"),
            models.Index(fields=["organization", "series", "-id"], name="coupon_of_series"),
            models.Index(fields=["organization", "run", "id"], condition=models.Q(run__isnull=False), name="coupon_of_run"),
        ]

    def __str__(self) -> str:
        return self.code


class CouponRedemption(TenantModel):
    """A use of a coupon. The database refuses to change or delete one, but for the bill that it is tied to."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="redemptions", db_index=False)
    redeemed_at = models.DateTimeField(help_text="As the till stated it")
    recorded_at = models.DateTimeField()
    transaction_number = models.CharField(max_length=100, blank=True, db_collation="C")
    amount = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True, help_text="Of the bill")
    discount = models.DecimalField(max_digits=15, decimal_places=3, null=True, blank=True, help_text="That the till gave")
    custom_fields = models.JSONField(default=list, blank=True)
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, null=True, blank=True, related_name="coupon_redemptions", db_index=False
    )
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    made_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["organization", "coupon"], name="coupon_redemption_of_coupon"),
            models.Index(
                fields=["organization", "bill"], condition=models.Q(bill__isnull=False), name="coupon_redemption_of_bill"
            ),
        ]

    def __str__(self) -> str:
        return f"Redemption {self.pk}"


class CouponReversal(TenantModel):
    """A redemption that was taken back: the coupon may be used once more. The database refuses to change or delete one."""

    redemption = models.ForeignKey(CouponRedemption, on_delete=models.PROTECT, related_name="reversals", db_index=False)
    reversed_at = models.DateTimeField()
    reason = models.CharField(max_length=250, blank=True)
    till = models.ForeignKey(Till, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    made_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "redemption"], name="coupon_redemption_reversed_once"),
        ]

    def __str__(self) -> str:
        return f"Reversal of redemption {self.redemption_id}"


class CodeRun(TenantModel):
    """A job that generates codes of a series for printing, and how far it has come."""

    series = models.ForeignKey(CouponSeries, on_delete=models.PROTECT, related_name="runs")
    wanted = models.PositiveIntegerField()
    made = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=250, blank=True, help_text="Why it ended early")
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=120)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(made__lte=models.F("wanted")), name="code_run_within_wanted"),
        ]

    def __str__(self) -> str:
        return f"{self.wanted:,} codes of {self.series}"
