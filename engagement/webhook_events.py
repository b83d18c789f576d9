"""Kinds of webhook events of points, tiers and coupons (docs/webhooks.md)."""

from typing import Final

from engagement.coupons.announcing import COUPON_EVENTS
from engagement.points.announcing import POINTS_EVENTS

EVENTS: Final = (*POINTS_EVENTS, *COUPON_EVENTS)
