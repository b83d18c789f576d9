"""Coupon series, and coupons."""

from typing import Any

import factory

from engagement.coupons.catalog import CurrentSeries, load_series
from engagement.coupons.models import CouponSeries, CouponSeriesVersion
from organizations.tenancy.models import Organization
from tests.factories.base import TenantFactory
from tests.factories.bills import at
from tests.factories.organizations import OrganizationFactory


class CouponSeriesFactory(TenantFactory):
    class Meta:
        model = CouponSeries

    organization = factory.SubFactory(OrganizationFactory)
    code = factory.Sequence(lambda number: f"SERIES{number}")


class CouponSeriesVersionFactory(TenantFactory):
    class Meta:
        model = CouponSeriesVersion

    organization = factory.SelfAttribute("series.organization")
    series = factory.SubFactory(CouponSeriesFactory)
    number = 1
    terms = factory.LazyFunction(lambda: {"discount_type": "PERC", "discount_value": 10, "valid_days": 30})
    made_at = at("2026-01-01 00:00:00")


def open_series(organization: Organization, code: str = "TENTH", *, is_active: bool = True, **terms: Any) -> CurrentSeries:
    """A series with these terms beside the discount: ten percent, unless they say otherwise."""
    series = CouponSeriesFactory(organization=organization, code=code, is_active=is_active)
    said = {"discount_type": "PERC", "discount_value": 10, "description": "Ten percent off", "discount_code": "CT10", **terms}
    CouponSeriesVersionFactory(series=series, terms=said)
    return load_series().by_id[series.pk]
