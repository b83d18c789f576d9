"""The ledger of points, to read and to search."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from unfold.decorators import display

from engagement.adjustments.admin.adjustment import take_back_page
from engagement.adjustments.staff import may_adjust
from engagement.adjustments.taking_back import may_be_taken_back
from engagement.back_office import AccountRowsAdmin, points_column
from engagement.numbers.display import format_change
from engagement.points.explanations import explain
from engagement.points.models import PointsEntry
from engagement.programs.admin.filters import AccountProgramFilter
from organizations.back_office.columns import actor_column, choice_column, link_column, link_to, value_column
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, NamedFilter, RecentFilter, Rows, StoreFilter
from organizations.back_office.history import actor_label
from organizations.back_office.list_export import ExportColumn, ListResource, customer_id, customer_name
from organizations.back_office.list_exports import ExportedList
from organizations.back_office.pages import row_page
from organizations.back_office.presets import Preset
from organizations.back_office.tables import cell

Kind = PointsEntry.Kind
KIND_COLORS: dict[str, str] = {
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


def _change_unless_zero(points: Decimal) -> str:
    return format_change(points) if points else ""


class EffectFilter(NamedFilter):
    """By what an entry does to the balance, as the figures of the start page add it up."""

    title = parameter_name = "effect"
    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]] = {
        "earned": ("earned", lambda rows: rows.filter(kind__in=[Kind.AWARD, Kind.RELEASE])),
        "redeemed": ("redeemed, or given back", lambda rows: rows.filter(kind__in=[Kind.REDEEM, Kind.REVERSAL])),
        "expired": ("expired", lambda rows: rows.filter(kind=Kind.EXPIRE)),
    }


class EntryResource(ListResource):
    """Ledger entries."""

    occurred_at = ExportColumn("Occurred at", "occurred_at")
    kind = ExportColumn("Kind", lambda entry: entry.get_kind_display())
    points = ExportColumn("Points", "points")
    promised = ExportColumn("Promised", "promised")
    balance = ExportColumn("Balance after", "balance_after")
    customer_id = ExportColumn("Customer id", customer_id("account__customer"))
    customer = ExportColumn("Customer", customer_name("account__customer"))
    program = ExportColumn("Program", "account__program__name")
    store = ExportColumn("Store", "store__code")
    bill = ExportColumn("Bill", "bill__number")
    reason = ExportColumn("Reason", explain)
    made_by = ExportColumn("By", lambda entry: actor_label(entry.made_by))


@admin.register(PointsEntry)
class PointsEntryAdmin(ExportedList, AccountRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
    """The ledger of points, read-only: the database refuses changes."""

    has_history = False

    newest = "occurred_at"
    related = ("account__customer", "account__program", "store", "till", "bill", "program_version__program")
    fields = (
        "customer_link", "account_link", "version", "kind", "points_display", "promised_display", "balance_display",
        "explanation_text", "occurred_at", "recorded_at", "store", "till", "bill_link", "reference", "reverses",
        "program_version", "actor", "note",
    )  # fmt: skip
    list_display = (
        "occurred_at", "customer_link", "kind_label", "points_display", "balance_display", "actor", "details",
    )  # fmt: skip
    phone_lines = (("kind_label", "points_display", "balance_display"), ("customer_link", "actor", "occurred_at"))
    list_display_links = ("occurred_at",)
    list_filter = (
        RecentFilter.of("occurred_at", title="occurred", parameter_name="occurred"),
        ("occurred_at", DayRangeFilter),
        ("kind", ChoiceFilter),
        EffectFilter,
        AccountProgramFilter,
        StoreFilter,
    )
    sortable_by = ("occurred_at",)
    order_words: ClassVar[Mapping[str, tuple[str, str]]] = {"occurred_at": ("earliest first", "latest first")}
    presets: ClassVar[Sequence[Preset]] = (
        Preset(label="Today", query={"occurred": "today"}),
        Preset(label="Adjustments", query={"kind__exact": Kind.ADJUST}),
        Preset(label="Redemptions", query={"kind__exact": Kind.REDEEM}),
        Preset(label="Expired", query={"kind__exact": Kind.EXPIRE}),
    )
    empty_text = "Entries appear here when points move: by a bill, a redemption, an adjustment or expiry."
    resource = EntryResource

    actions_detail: Sequence[str] = ("take_back",)  # type: ignore[assignment]  # see the base class

    account_link = link_column("account", "Account", lambda account: str(account.program))
    kind_label = choice_column("kind", "Kind", KIND_COLORS)
    points_display = value_column("points", "Points", format_change)
    promised_display = value_column("promised", "Promised", _change_unless_zero)
    balance_display = points_column("balance_after", "Balance after")
    bill_link = link_column("bill", "Bill")
    actor = actor_column("made_by")

    @display(description="Reason")
    def explanation_text(self, entry: PointsEntry) -> SafeString:
        """What led to the entry, with the figures."""
        return format_html('<span class="bo-sentence">{}</span>', explain(entry))

    @display(description="Reason")
    def details(self, entry: PointsEntry) -> SafeString:
        """The reason in a line, which opens to everything about the entry."""
        facts = [
            (gettext("Program"), str(entry.account.program)),
            (gettext("Promised"), _change_unless_zero(entry.promised)),
            (gettext("Store"), entry.store),
            (gettext("Till"), entry.till),
            (gettext("Bill"), link_to(entry.bill) if entry.bill else ""),
            (gettext("Reference"), entry.reference),
            (gettext("Recorded"), cell(entry.recorded_at)),
            (gettext("By"), actor_label(entry.made_by)),
            (gettext("Note"), entry.note),
        ]
        return render_to_string("back_office/entry_line.html", {"reason": explain(entry), "facts": facts})

    def has_take_back_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """True if the current user adjusts points and the entry is an adjustment. `obj` is an entry or an id."""
        if not may_adjust(request):
            return False
        entry = None if obj is None else self.get_object(request, str(getattr(obj, "pk", obj)))
        return entry is None or may_be_taken_back(entry)

    @row_page("Take back", address="take-back", icon="undo", permission="take_back", opens_dialog=True)
    def take_back(self, request: HttpRequest, entry: PointsEntry) -> HttpResponse:
        """The page that takes back an adjustment."""
        return take_back_page(self, request, entry)
