"""Permissions of each role on programs, points, bills, redemptions, notes, interactions and deferred events."""

from typing import Final

from organizations.staff.permissions import Role, StaffPermissions, permissions

_APP: Final = "engagement"

VIEW_POINTS: Final = permissions(
    _APP,
    "view",
    "membership pointsaccount expiringpoints pointsadjustment pointsentry pointslot bill redemption coupon recommendation",
)
# Within the limits of the organization's policies: by default store staff adjust no points.
ADJUST_POINTS: Final = frozenset({"engagement.adjust_points"})
# Redeem points for a customer, who confirms it by a code.
REDEEM_POINTS: Final = frozenset({"engagement.redeem_points"})
# Give a customer back what was redeemed.
REVERSE_REDEMPTIONS: Final = frozenset({"engagement.reverse_redemption"})
# Record a bill by hand, or return one.
RECORD_BILLS: Final = frozenset({"engagement.record_bill"})
VIEW_PROGRAMS: Final = permissions(_APP, "view", "program couponseries itempair")
PAUSE_PROGRAMS: Final = frozenset({"engagement.pause_program"})
# Work on a draft of a program's rules, try it on recorded bills, and make it a version.
EDIT_PROGRAMS: Final = permissions(_APP, "view", "rehearsal") | frozenset({"engagement.edit_program"})
# Add coupon series and change their terms.
EDIT_SERIES: Final = frozenset({"engagement.edit_couponseries"})
# Give a customer a coupon; take a redemption back or end a coupon.
ISSUE_COUPONS: Final = frozenset({"engagement.issue_coupon"})
CORRECT_COUPONS: Final = frozenset({"engagement.correct_coupon"})
# Codes for printing are worth money to anyone who has them.
GENERATE_CODES: Final = permissions(_APP, "view", "coderun") | frozenset({"engagement.generate_codes"})
# Set the tier of a member by hand.
SET_TIERS: Final = frozenset({"engagement.set_tier"})
# What is known about customers beside their loyalty.
VIEW_CONTACTS: Final = permissions(_APP, "view", "note interaction notification")
ADD_NOTES: Final = permissions(_APP, "add", "note")
CONTACTS: Final = VIEW_CONTACTS | ADD_NOTES
COUPONS: Final = ISSUE_COUPONS | CORRECT_COUPONS
# The figures of the start page: the money of the organization or, for a member limited to stores, of these.
VIEW_FIGURES: Final = permissions(_APP, "view", "figures")
VIEW_DEFERRED_EVENTS: Final = permissions(_APP, "view", "deferredevent")
RETRY_DEFERRED_EVENTS: Final = permissions(_APP, "retry", "deferredevent")

ENGAGEMENT_PERMISSIONS: Final = StaffPermissions(
    by_role={
        Role.ORG_ADMIN: (
            VIEW_POINTS
            | CONTACTS
            | ADJUST_POINTS
            | REDEEM_POINTS
            | REVERSE_REDEMPTIONS
            | RECORD_BILLS
            | COUPONS
            | SET_TIERS
            | VIEW_PROGRAMS
            | PAUSE_PROGRAMS
            | EDIT_PROGRAMS
            | EDIT_SERIES
            | VIEW_DEFERRED_EVENTS
            | RETRY_DEFERRED_EVENTS
            | GENERATE_CODES
            | VIEW_FIGURES
        ),
        Role.STORE_MANAGER: (
            VIEW_POINTS
            | CONTACTS
            | ADJUST_POINTS
            | REDEEM_POINTS
            | REVERSE_REDEMPTIONS
            | RECORD_BILLS
            | COUPONS
            | SET_TIERS
            | VIEW_PROGRAMS
            | VIEW_FIGURES
        ),
        Role.STORE_STAFF: VIEW_POINTS | CONTACTS | ADJUST_POINTS | REDEEM_POINTS,
        Role.CARE_AGENT: VIEW_POINTS
        | CONTACTS
        | ADJUST_POINTS
        | REDEEM_POINTS
        | REVERSE_REDEMPTIONS
        | COUPONS
        | SET_TIERS
        | VIEW_PROGRAMS
        | VIEW_DEFERRED_EVENTS
        | RETRY_DEFERRED_EVENTS,
        Role.AUDITOR: VIEW_POINTS | VIEW_CONTACTS | VIEW_PROGRAMS | VIEW_DEFERRED_EVENTS | VIEW_FIGURES,
    },
    within_stores=(
        VIEW_POINTS
        | CONTACTS
        | ADJUST_POINTS
        | REDEEM_POINTS
        | REVERSE_REDEMPTIONS
        | RECORD_BILLS
        | COUPONS
        | SET_TIERS
        | VIEW_FIGURES
    ),
)
