"""Coupons of a customer as rows of the timeline on the customer's page."""

from datetime import datetime
from typing import Any

from customers.profile.models import Customer
from engagement.coupons.models import Coupon, CouponRedemption
from engagement.coupons.states import state_of
from engagement.numbers.display import format_money
from loyalty_project import clock
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.back_office.tables import cell
from organizations.back_office.timeline import TimelineRow, TimelineSlice


def coupons_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """The coupons by the time of their issue, each with its redemptions. Three queries, one without coupons."""
    coupons = Coupon.objects.filter(customer=customer).select_related("series", "store")
    coupons = coupons.prefetch_related("redemptions__reversals", "redemptions__store")
    now = clock.now()
    return [_row(coupon, part, now) for coupon in part.newest(coupons, "issued_at")]


def _row(coupon: Coupon, part: TimelineSlice, now: datetime) -> TimelineRow:
    state = state_of(coupon, now)
    facts: list[tuple[str, Any]] = [("Good until", coupon.valid_till), ("Issued by", actor_label(coupon.made_by))]
    if coupon.store is not None:
        facts.append(("Issued at", coupon.store))
    facts += [("Redeemed", _describe_use(use, part.currency)) for use in coupon.redemptions.all()]
    return TimelineRow(
        key=part.key(coupon.issued_at, coupon.pk),
        icon="confirmation_number",
        title=f"Coupon {coupon.code}",
        note=coupon.series,
        state=state,
        tone="good" if state == "unused" else "",
        facts=facts,
        link=page_of(coupon),
    )


def _describe_use(use: CouponRedemption, currency: str) -> str:
    """When and where it was redeemed, for what discount, and whether that was taken back."""
    where = f" at {use.store}" if use.store else ""
    bill = f", bill {use.transaction_number}" if use.transaction_number else ""
    discount = f", {format_money(use.discount)} {currency} off" if use.discount else ""
    taken_back = "".join(f"; taken back: {reversal.reason}" for reversal in use.reversals.all())
    return f"{cell(use.redeemed_at)}{where}{bill}{discount}{taken_back}"
