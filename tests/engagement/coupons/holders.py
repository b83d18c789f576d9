"""A customer with coupons of several kinds, for reads."""

from dataclasses import dataclass

from customers.profile.models import Customer
from engagement.coupons.catalog import CurrentSeries
from engagement.coupons.models import Coupon, CouponRedemption
from organizations.locations.models import Till
from tests.engagement.shops import Shops
from tests.factories.bills import at
from tests.factories.coupons import hold, open_series
from tests.factories.locations import till_actor


@dataclass(frozen=True, slots=True)
class Holder:
    """The customer with three coupons, oldest first: unused, used, expired. The expired one is good in Delhi alone."""

    customer: Customer
    fresh: Coupon
    used: Coupon
    over: Coupon
    series: CurrentSeries


def holder_of(shops: Shops) -> Holder:
    customer, by = shops.member(), till_actor(shops.blr)
    series = open_series(
        shops.organization, name="Tenth", redemptions_per_coupon=2, valid_till="2035-06-30", custom_properties={"colour": "red"}
    )
    local = open_series(shops.organization, "LOCAL", discount_type="FLAT", discount_value=50, stores=["del"], valid_days=1)
    fresh = hold(customer, series, by=by, when="2026-01-01 06:30:00", code="FRESH", till=shops.blr)
    used = hold(customer, series, by=by, when="2026-01-02 06:30:00", code="USED", transaction_number="I-1")
    over = hold(customer, local, by=by, when="2026-01-03 06:30:00", code="OVER")
    note_use(used, shops.delhi, "2026-02-01 06:30:00", "T-77")
    return Holder(customer, fresh, used, over, series)


def note_use(coupon: Coupon, till: Till | None, when: str, number: str = "", **more: object) -> CouponRedemption:
    """A redemption as an import writes it."""
    Coupon.objects.filter(pk=coupon.pk).update(uses=coupon.uses + 1)
    return CouponRedemption.objects.create(
        organization=coupon.organization, coupon=coupon, redeemed_at=at(when), recorded_at=at(when), till=till,
        store=till.store if till else None, transaction_number=number, made_by="command:import_coupons", **more,
    )  # fmt: skip
