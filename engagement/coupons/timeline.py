"""Coupons of a customer as rows of the timeline on the customer's page."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext

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
    facts: list[tuple[str, Any]] = [
        (gettext("Good until"), coupon.valid_till),
        (gettext("Issued by"), actor_label(coupon.made_by)),
    ]
    if coupon.store is not None:
        facts.append((gettext("Issued at"), coupon.store))
    facts += [(gettext("Redeemed"), _describe_use(use, part.currency)) for use in coupon.redemptions.all()]
    return TimelineRow(
        key=part.key(coupon.issued_at, coupon.pk),
        icon="confirmation_number",
        title=gettext("Coupon %(code)s") % {"code": coupon.code},
        note=coupon.series,
        state=state,
        tone="good" if state == "unused" else "",
        facts=facts,
        link=page_of(coupon),
    )


def _describe_use(use: CouponRedemption, currency: str) -> str:
    """When and where it was redeemed, for what discount, and whether that was taken back."""
    where = gettext(" at %(store)s") % {"store": use.store} if use.store else ""
    bill = (
        gettext(", bill %(transaction_number)s") % {"transaction_number": use.transaction_number}
        if use.transaction_number
        else ""
    )
    discount = (
        gettext(", %(discount)s %(currency)s off") % {"discount": format_money(use.discount), "currency": currency}
        if use.discount
        else ""
    )
    taken_back = "".join(gettext("; taken back: %(reason)s") % {"reason": reversal.reason} for reversal in use.reversals.all())
    return f"{cell(use.redeemed_at)}{where}{bill}{discount}{taken_back}"
