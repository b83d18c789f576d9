"""Coupon series, and coupons."""

from collections.abc import Callable
from typing import Any

import factory
from django.db import transaction

from customers.profile.models import Customer
from engagement.coupons.catalog import CurrentSeries, load_series
from engagement.coupons.issuing import CouponOrder, make_coupons
from engagement.coupons.models import Coupon, CouponSeries, CouponSeriesVersion
from engagement.coupons.redeeming import CouponUse, CouponUsed, redeem_coupon
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
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


def hold(customer: Customer, series: CurrentSeries, *, by: Actor, when: str = "", **more: Any) -> Coupon:
    """A coupon of the customer, issued now or at a wall time in UTC."""
    issued_at = at(when) if when else clock.now()
    (coupon,) = make_coupons([CouponOrder(current=series, customer_id=customer.pk, issued_at=issued_at, **more)], by=by)
    assert isinstance(coupon, Coupon)
    return coupon


def use(coupon: Coupon, by: Actor, **more: Any) -> CouponUsed:
    """The redemption of a coupon by its own customer, in a transaction."""
    with transaction.atomic():
        return redeem_coupon(use_of(coupon, **more), by=by)


def use_of(coupon: Coupon, **more: Any) -> CouponUse:
    """The call that redeems a coupon as its own customer."""
    return CouponUse(**{"code": coupon.code, "references": {"id": str(coupon.customer_id)}, **more})


def refusal_of(work: Callable[[], object]) -> int:
    """The code by which the work is refused in its transaction, 0 if it is not."""
    try:
        with transaction.atomic():
            work()
    except LoyaltyError as refusal:
        return int(refusal.code)
    return 0
