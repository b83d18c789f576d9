"""The state of a coupon in a word."""

from datetime import datetime
from typing import Final

from django.utils.translation import gettext_noop

from engagement.coupons.models import Coupon
from engagement.coupons.rules import has_expired, uses_left

# The color of each state in lists.
STATES: Final = {
    gettext_noop("unused"): "success",
    gettext_noop("redeemed"): "info",
    gettext_noop("used up"): "warning",
    gettext_noop("expired"): "danger",
}


def state_of(coupon: Coupon, now: datetime) -> str:
    """The state in a word: unused, redeemed, used up or expired."""
    if uses_left(coupon.uses, coupon.most_uses) == 0:
        return "used up"
    if has_expired(coupon.valid_till, now):
        return "expired"
    return "redeemed" if coupon.uses else "unused"
