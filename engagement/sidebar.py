"""Sidebar entries of engagement."""

from typing import Final

from engagement.adjustments.staff import ADJUSTMENTS
from organizations.back_office.sidebar import SidebarEntry

BILLS: Final = (SidebarEntry("Bills", "receipt_long", "engagement.bill"),)
CONTACTS: Final = (
    SidebarEntry("Notes", "sticky_note_2", "engagement.note"),
    SidebarEntry("Interactions", "forum", "engagement.interaction", at_counter=False),
    SidebarEntry("Notifications", "notifications", "engagement.notification", at_counter=False),
)
LOYALTY: Final = (
    SidebarEntry("Programs", "loyalty", "engagement.program"),
    SidebarEntry("Rehearsals", "science", "engagement.rehearsal"),
    SidebarEntry("Memberships", "card_membership", "engagement.membership", at_counter=False),
    SidebarEntry("Points", "toll", "engagement.pointsaccount", at_counter=False),
    SidebarEntry("Expiring points", "hourglass_bottom", "engagement.expiringpoints", at_counter=False),
    SidebarEntry("Adjustments", "exposure", "engagement.pointsadjustment", ADJUSTMENTS, at_counter=False),
    SidebarEntry("Ledger", "menu_book", "engagement.pointsentry", at_counter=False),
    SidebarEntry("Lots", "layers", "engagement.pointslot", at_counter=False),
    SidebarEntry("Redemptions", "redeem", "engagement.redemption"),
    SidebarEntry("Coupons", "local_activity", "engagement.coupon"),
    SidebarEntry("Coupon series", "confirmation_number", "engagement.couponseries"),
    SidebarEntry("Printed codes", "print", "engagement.coderun"),
    SidebarEntry("Recommendations", "recommend", "engagement.recommendation", at_counter=False),
    SidebarEntry("Bought together", "shopping_basket", "engagement.itempair"),
)
DEFERRED_EVENTS: Final = (SidebarEntry("Deferred events", "pending_actions", "engagement.deferredevent"),)
