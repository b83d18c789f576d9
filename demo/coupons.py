"""Coupons of the demo's customers, some of them redeemed, by the services of tills."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from engagement.coupons.catalog import load_series
from engagement.coupons.issuing import issue_coupons
from engagement.coupons.models import Coupon
from engagement.coupons.redeeming import CouponUse, redeem_coupon
from loyalty_project.protocol.moments import write_moment
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.locations.models import Till

# Of so many customers one has a coupon of the series, issued so many days ago; of so many coupons one was redeemed.
_HOLDERS: Final = (("WELCOME10", 4, 25), ("CABIN25", 9, 12), ("WELCOME10", 15, 90))
_REDEEMED: Final = 3
_DAYS_LATER: Final = 4
_TILL_STORE: Final = "lun.king"


def give_demo_coupons(customers: Sequence[Customer], *, by: Actor, now: datetime) -> int:
    """Issue coupons to some of the customers and redeem some of them; the number of coupons. Call it in a transaction."""
    catalog = current_configuration().part(load_series)
    merged = set(Customer.objects.filter(merged_into__isnull=False).values_list("pk", flat=True))
    alone = [customer.pk for customer in customers if customer.pk not in merged]
    count = 0
    for code, every, days in _HOLDERS:
        held = lock_customers(alone[::every])
        issued_at = now - timedelta(days=days)
        results = issue_coupons(catalog.by_code[code], list(held.values()), by=by, at=issued_at)
        coupons = [result for result in results if isinstance(result, Coupon)]
        count += len(coupons)
        _redeem([coupon for coupon in coupons[::_REDEEMED] if coupon.valid_till > now], by=by, at=issued_at)
    return count


def _redeem(coupons: Sequence[Coupon], *, by: Actor, at: datetime) -> None:
    till = Till.objects.filter(store__code=_TILL_STORE).select_related("store").order_by("pk")[0]
    at_till = Actor(organization=by.organization, source=by.source, name=by.name, till=till, store=till.store)
    redeemed_at = write_moment(at + timedelta(days=_DAYS_LATER), by.organization.zone)
    for coupon in coupons:
        use = CouponUse(
            code=coupon.code,
            references={"id": str(coupon.customer_id)},
            transaction_number=f"C-{at:%m%d}-{coupon.customer_id}",
            redeemed_at=redeemed_at,
        )
        redeem_coupon(use, by=at_till)
