"""Which points moved, when, and why? The ledger, to read and to search."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from engagement.back_office import AccountRowsAdmin, linked
from engagement.numbers.display import format_change, format_points
from engagement.points.explanations import explain
from engagement.points.models import PointsEntry
from engagement.programs.admin.filters import AccountProgramFilter
from organizations.back_office.filters import DayRangeFilter, StoreFilter
from organizations.back_office.history import actor_label

Kind = PointsEntry.Kind
ENTRY_LABELS: dict[str, str] = {
    Kind.AWARD: "success",
    Kind.PROMISE: "info",
    Kind.RELEASE: "success",
    Kind.REDEEM: "primary",
    Kind.REVERSAL: "primary",
    Kind.RETURN: "warning",
    Kind.EXPIRE: "danger",
    Kind.ADJUST: "warning",
    Kind.MERGE_OUT: "info",
    Kind.MERGE_IN: "info",
}


@admin.register(PointsEntry)
class PointsEntryAdmin(AccountRowsAdmin):
    """The ledger of points. Nobody adds to it by hand, and the database refuses changes."""

    newest = "occurred_at"
    related = ("account__customer", "account__program", "store", "till", "bill", "program_version__program")
    fields = (
        "told_customer", "told_account", "version", "told_kind", "change", "promise", "balance", "why", "occurred_at",
        "recorded_at", "store", "till", "told_bill", "reference", "reverses", "program_version", "who", "note",
    )  # fmt: skip
    list_display = ("occurred_at", "told_kind", "change", "promise", "balance", "told_customer", "told_program", "store", "why")
    list_display_links = ("occurred_at",)
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        AccountProgramFilter,
        StoreFilter,
        ("occurred_at", DayRangeFilter),
    )

    @display(description="Kind", label=ENTRY_LABELS)
    def told_kind(self, entry: PointsEntry) -> tuple[str, str]:
        """The kind in words, coloured."""
        return entry.kind, entry.get_kind_display()

    @display(description="Points")
    def change(self, entry: PointsEntry) -> str:
        """The effect on the balance."""
        return format_change(entry.points)

    @display(description="Promised")
    def promise(self, entry: PointsEntry) -> str:
        """The effect on the promised points; nothing for most."""
        return format_change(entry.promised) if entry.promised else ""

    @display(description="Balance after")
    def balance(self, entry: PointsEntry) -> str:
        """The balance that came of it."""
        return format_points(entry.balance_after)

    @display(description="Why")
    def why(self, entry: PointsEntry) -> str:
        """What led to it, with the figures."""
        return explain(entry)

    @display(description="Account")
    def told_account(self, entry: PointsEntry) -> SafeString | str:
        """The account, with the way to its page."""
        return linked(entry.account, str(entry.account.program))

    @display(description="Bill")
    def told_bill(self, entry: PointsEntry) -> Any:
        """The bill behind it, with the way to its page."""
        return linked(entry.bill)

    @display(description="By")
    def who(self, entry: PointsEntry) -> str:
        """Who made it, in words."""
        return actor_label(entry.made_by)
