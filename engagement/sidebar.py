"""Sidebar entries of engagement."""

from typing import Final

from engagement.adjustments.staff import count_waiting
from organizations.back_office.sidebar import SidebarEntry

BILLS: Final = (SidebarEntry("Bills", "receipt_long", "engagement.bill"),)
CONTACTS: Final = (
    SidebarEntry("Notes", "sticky_note_2", "engagement.note"),
    SidebarEntry("Interactions", "forum", "engagement.interaction"),
    SidebarEntry("Notifications", "notifications", "engagement.notification"),
)
LOYALTY: Final = (
    SidebarEntry("Programs", "loyalty", "engagement.program"),
    SidebarEntry("Memberships", "card_membership", "engagement.membership"),
    SidebarEntry("Points", "toll", "engagement.pointsaccount"),
    SidebarEntry("Expiring points", "hourglass_bottom", "engagement.expiringpoints"),
    SidebarEntry("Adjustments", "exposure", "engagement.pointsadjustment", count_waiting),
    SidebarEntry("Ledger", "menu_book", "engagement.pointsentry"),
    SidebarEntry("Lots", "layers", "engagement.pointslot"),
    SidebarEntry("Redemptions", "redeem", "engagement.redemption"),
    SidebarEntry("Coupons", "local_activity", "engagement.coupon"),
    SidebarEntry("Coupon series", "confirmation_number", "engagement.couponseries"),
    SidebarEntry("Printed codes", "print", "engagement.coderun"),
    SidebarEntry("Recommendations", "recommend", "engagement.recommendation"),
    SidebarEntry("Bought together", "shopping_basket", "engagement.itempair"),
)
DEFERRED_EVENTS: Final = (SidebarEntry("Deferred events", "pending_actions", "engagement.deferredevent"),)
