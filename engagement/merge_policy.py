"""Rows of loyalty that move to the survivor when two customers are merged, and rows that stay (docs/protocol.md 2.4)."""

from customers.merging.transfer import KeptRows, MovedRows
from engagement.adjustments.models import PointsAdjustment
from engagement.bills.models import Bill, PurchaseTotals
from engagement.coupons.models import Coupon
from engagement.events.models import DeferredEvent
from engagement.interactions.models import Interaction, Notification
from engagement.notes.models import Note
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership
from engagement.recommendations.models import Recommendation

MOVED = (
    MovedRows(
        model=Membership,
        conflicts=("membership_unique",),
        undigested=("tier_since_order", "tier_counts_from", "tier_counts_order", "tier_due_on", "tier_locked_until"),
    ),
    MovedRows(model=Bill, undigested=("stated_points", "part_of_id")),
    MovedRows(model=Coupon),
    MovedRows(model=Note),
    MovedRows(model=Interaction, conflicts=("interaction_unique",)),
    MovedRows(model=Notification, conflicts=("notification_unique",)),
    MovedRows(model=DeferredEvent),
    MovedRows(model=PointsAdjustment),
    MovedRows(
        model=Recommendation,
        conflicts=("recommendation_unique",),
        undigested=("description", "price", "img_url", "score", "imported_at"),
    ),
)
KEPT = (
    KeptRows(model=Coupon, column="issued_to", reason="who got a coupon first: the limits of its series count by it"),
    KeptRows(model=PointsAccount, reason="it becomes history of the survivor's account: points.merging"),
    KeptRows(model=PurchaseTotals, reason="totals are computed from the bills that moved: points.merging"),
)
