"""The table of the latest coupons, on a customer's page."""

from datetime import datetime
from typing import Final

from django.urls import reverse

from customers.profile.models import Customer
from engagement.coupons.models import Coupon
from engagement.coupons.rules import has_expired, uses_left
from loyalty_project import clock
from organizations.back_office.columns import link_to
from organizations.back_office.tables import Table, badge, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 5
# The color of each state in lists.
STATES: Final = {"unused": "success", "redeemed": "info", "used up": "warning", "expired": "danger"}


def state_of(coupon: Coupon, now: datetime) -> str:
    """The state in a word: unused, redeemed, used up or expired."""
    if uses_left(coupon.uses, coupon.most_uses) == 0:
        return "used up"
    if has_expired(coupon.valid_till, now):
        return "expired"
    return "redeemed" if coupon.uses else "unused"


def coupons_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest coupons of the customer; None without coupons or permission. One query."""
    if not seen_by.has_perm("engagement.view_coupon"):
        return None
    now = clock.now()
    latest = Coupon.objects.filter(customer=customer).select_related("series").order_by("-issued_at", "-pk")
    rows = [
        (
            with_note(link_to(coupon), coupon.series),
            badge(state := state_of(coupon, now), "good" if state == "unused" else ""),
            coupon.issued_at,
            coupon.valid_till,
        )
        for coupon in latest[:SHOWN]
    ]
    if not rows:
        return None
    link = f"{reverse('admin:engagement_coupon_changelist')}?customer={customer.pk}"
    return table("Coupons", ("Code", "State", "Issued", "Good until"), rows, link=link)
