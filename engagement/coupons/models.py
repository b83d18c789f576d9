"""Coupon series and their versions."""

from functools import cached_property

from django.db import models

from engagement.coupons.rules import SeriesTerms
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
