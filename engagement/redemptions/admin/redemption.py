"""Redemptions: who spent points, by which code, and what was reversed."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from engagement.back_office import AccountRowsAdmin, points_column
from engagement.numbers.display import format_points
from engagement.programs.admin.filters import AccountProgramFilter
from engagement.redemptions.models import Redemption
from organizations.back_office.columns import link_column, link_to, state_display, value_column
from organizations.back_office.filters import DayRangeFilter, RecentFilter, StoreFilter
from organizations.back_office.history import actor_label
from organizations.back_office.list_export import ExportColumn, ListResource, customer_id, customer_name
from organizations.back_office.list_exports import ExportedList
from organizations.back_office.presets import Preset
from organizations.back_office.tables import cell, number, table


class RedemptionStoreFilter(StoreFilter):
    """By the store where the points were spent."""

    path = "entry__store"


class RedemptionResource(ListResource):
    """Redemptions."""

    code = ExportColumn("Code", "code")
    occurred_at = ExportColumn("Redeemed at", "entry__occurred_at")
    customer_id = ExportColumn("Customer id", customer_id("account__customer"))
    customer = ExportColumn("Customer", customer_name("account__customer"))
    program = ExportColumn("Program", "account__program__name")
    points = ExportColumn("Points", "points")
    reversed = ExportColumn("Reversed", "reversed")
    store = ExportColumn("Store", "entry__store__code")
    reference = ExportColumn("Reference number", "entry__reference")
    made_by = ExportColumn("By", lambda redemption: actor_label(redemption.entry.made_by))


@admin.register(Redemption)
class RedemptionAdmin(ExportedList, AccountRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """Redemptions and their reversals, read-only."""

    has_history = False

    related = ("account__customer", "account__program", "entry__store", "entry__till", "bill")
    fields = (
        "code", "customer_link", "program_name", "points_display", "reversed_display", "occurred_at", "store", "till",
        "reference", "purpose", "transaction_number", "bill_link", "note", "entry_link",
    )  # fmt: skip
    list_display = (
        "code", "occurred_at", "customer_link", "program_name", "points_display", "state_label", "store", "reference",
    )  # fmt: skip
    phone_lines = (("code", "points_display"), ("customer_link", "store", "occurred_at"))
    list_filter = (
        RecentFilter.of("entry__occurred_at", title="redeemed", parameter_name="redeemed"),
        ("entry__occurred_at", DayRangeFilter),
        AccountProgramFilter,
        RedemptionStoreFilter,
    )
    presets: ClassVar[Sequence[Preset]] = (
        Preset(label="Today", query={"redeemed": "today"}),
        Preset(label="The last 7 days", query={"redeemed": "week"}),
    )
    empty_text = "Redemptions appear here when a customer pays with points at a till."
    resource = RedemptionResource
    search_help_text = "Code, or customer: mobile, e-mail, id, card or name"
    change_form_outer_after_template = "back_office/table_below.html"  # type: ignore[assignment]  # see the base class

    points_display = points_column("points", "Points")
    reversed_display = points_column("reversed", "Reversed")
    occurred_at = value_column("entry__occurred_at", "Redeemed at")
    store = value_column("entry__store", "Store")
    till = value_column("entry__till", "Till")
    reference = value_column("entry__reference", "Reference number")
    note = value_column("entry__note", "Note")
    bill_link = link_column("bill", "Bill")
    entry_link = link_column("entry", "Ledger entry")

    def other_matches(self, request: HttpRequest, term: str) -> Q:  # noqa: ARG002 - as in the base class
        """By the code, exactly as it is written."""
        return Q(code=term)

    @state_display("State", {"redeemed": "success", "reversed": "danger", "partly reversed": "warning"})
    def state_label(self, redemption: Redemption) -> str:
        """Redeemed, reversed, or partly reversed."""
        if not redemption.reversed:
            return "redeemed"
        return "reversed" if redemption.reversed == redemption.points else "partly reversed"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        reversals = context["original"].reversals.select_related("entry__store")
        context["table"] = table(
            "Reversals",
            ("When", number("Points"), "Store", "Reference number", "Note"),
            [
                (
                    link_to(reversal.entry, cell(reversal.entry.occurred_at)),
                    format_points(reversal.points),
                    reversal.entry.store,
                    reversal.entry.reference,
                    reversal.entry.note,
                )
                for reversal in reversals
            ],
        )
        return super().render_change_form(request, context, *args, **kwargs)
