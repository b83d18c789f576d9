"""Lots: points that were awarded together, what is left of them, and when they expire."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from unfold.decorators import display

from engagement.back_office import AccountRowsAdmin, points_column
from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsLot
from engagement.programs.admin.filters import AccountProgramFilter
from engagement.programs.models import Membership
from organizations.back_office.columns import link_column, state_display
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, YesNoFilter


@admin.register(PointsLot)
class PointsLotAdmin(AccountRowsAdmin):
    """Lots of points, read-only."""

    has_history = False

    related = ("organization", "account__customer", "account__program", "bill", "entry")
    fields = (
        "customer_link", "program_name", "kind_label", "state_label", "points_display", "left_display", "spent_display",
        "expired_display", "returned_display", "moved_display", "awarded_at", "opens_at", "last_day", "moves", "bill_link",
        "entry_link",
    )  # fmt: skip
    list_display = (
        "awarded_at", "customer_link", "program_name", "kind_label", "points_display", "left_display", "state_label",
        "last_day",
    )  # fmt: skip
    phone_lines = (("customer_link", "left_display"), ("kind_label", "program_name", "awarded_at"))
    list_display_links = ("awarded_at",)
    list_filter = (
        AccountProgramFilter,
        ("kind", ChoiceFilter),
        ("is_open", YesNoFilter),
        ("awarded_at", DayRangeFilter),
    )

    points_display = points_column("points", "Points")
    left_display = points_column("left", "Left")
    spent_display = points_column("spent", "Redeemed")
    expired_display = points_column("expired", "Expired")
    returned_display = points_column("returned", "Returned")
    moved_display = points_column("moved", "Moved by merges")
    bill_link = link_column("bill", "Bill")
    entry_link = link_column("entry", "Ledger entry")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Lots with the last day of the member's tier, with which points may expire."""
        memberships = Membership.objects.filter(customer=OuterRef("account__customer"), program=OuterRef("account__program"))
        tier_ends = Subquery(memberships.values("tier_expires_on")[:1])
        lots: QuerySet[Any] = super().get_queryset(request).annotate(tier_ends=tier_ends)
        return lots

    @state_display("Kind", {"regular": "info", "promotional": "primary"})
    def kind_label(self, lot: PointsLot) -> str:
        """Regular or promotional."""
        return lot.kind

    @state_display("State", {"open": "success", "promised": "warning", "used up": "info"})
    def state_label(self, lot: PointsLot) -> str:
        """Open, promised for later, or used up."""
        return "used up" if not lot.left else "open" if lot.is_open else "promised"

    @display(description="Last day", empty_value="no expiry")
    def last_day(self, lot: Any) -> Any:
        """The last day on which the points can be used, as of now."""
        state = AccountState(account=lot.account, zone=lot.organization.zone, tier_ends=lot.tier_ends)
        return state.last_day(lot)
