"""Which points came together, what is left of them, and when do they expire?"""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display

from engagement.back_office import AccountRowsAdmin, linked
from engagement.numbers.display import format_points
from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsLot
from engagement.programs.admin.filters import AccountProgramFilter
from engagement.programs.models import Membership
from organizations.back_office.filters import DayRangeFilter


@admin.register(PointsLot)
class PointsLotAdmin(AccountRowsAdmin):
    """Lots of points, to look at."""

    related = ("organization", "account__customer", "account__program", "bill", "entry")
    fields = (
        "told_customer", "told_program", "told_kind", "told_state", "format_points", "told_left", "told_spent", "told_expired",
        "told_returned", "told_moved", "awarded_at", "opens_at", "last_day", "moves", "told_bill", "told_entry",
    )  # fmt: skip
    list_display = (
        "awarded_at", "told_customer", "told_program", "told_kind", "format_points", "told_left", "told_state", "last_day",
    )  # fmt: skip
    list_display_links = ("awarded_at",)
    list_filter = (
        AccountProgramFilter,
        ("kind", ChoicesDropdownFilter),
        ("is_open", BooleanRadioFilter),
        ("awarded_at", DayRangeFilter),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with the last day of the member's tier, with which points may expire."""
        of_tier = Membership.objects.filter(customer=OuterRef("account__customer"), program=OuterRef("account__program"))
        ends = Subquery(of_tier.values("tier_expires_on")[:1])
        lots: QuerySet[Any] = super().get_queryset(request).annotate(tier_ends=ends)
        return lots

    @display(description="Kind", label={"regular": "info", "promotional": "primary"})
    def told_kind(self, lot: PointsLot) -> str:
        """Regular or promotional."""
        return lot.kind

    @display(description="State", label={"open": "success", "promised": "warning", "used up": "info"})
    def told_state(self, lot: PointsLot) -> str:
        """Whether there is something to spend, or will be."""
        return "used up" if not lot.left else "open" if lot.is_open else "promised"

    @display(description="Points")
    def format_points(self, lot: PointsLot) -> str:
        """How many came."""
        return format_points(lot.points)

    @display(description="Left")
    def told_left(self, lot: PointsLot) -> str:
        """How many are there still."""
        return format_points(lot.left)

    @display(description="Spent")
    def told_spent(self, lot: PointsLot) -> str:
        """How many were spent."""
        return format_points(lot.spent)

    @display(description="Expired")
    def told_expired(self, lot: PointsLot) -> str:
        """How many expired."""
        return format_points(lot.expired)

    @display(description="Returned")
    def told_returned(self, lot: PointsLot) -> str:
        """How many a return of their bill took back."""
        return format_points(lot.returned)

    @display(description="Moved")
    def told_moved(self, lot: PointsLot) -> str:
        """How many went to another customer by a merge."""
        return format_points(lot.moved)

    @display(description="Last good day", empty_value="never expire")
    def last_day(self, lot: Any) -> Any:
        """The last day on which they may be spent, as of now."""
        state = AccountState(account=lot.account, zone=lot.organization.zone, tier_ends=lot.tier_ends)
        return state.last_day(lot)

    @display(description="Bill")
    def told_bill(self, lot: PointsLot) -> SafeString | str:
        """The bill that brought them, with the way to its page."""
        return linked(lot.bill)

    @display(description="Entry")
    def told_entry(self, lot: PointsLot) -> SafeString | str:
        """The ledger's entry that brought them, with the way to its page."""
        return linked(lot.entry)
