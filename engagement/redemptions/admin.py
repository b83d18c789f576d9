"""Who spent points, by which code, and what came back?"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from engagement.back_office import AccountRowsAdmin, linked
from engagement.numbers.display import format_points
from engagement.programs.admin.filters import AccountProgramFilter
from engagement.redemptions.models import Redemption
from organizations.back_office.filters import DayRangeFilter, StoreFilter


class RedemptionStoreFilter(StoreFilter):
    """By the store where the points were spent."""

    path = "entry__store"


@admin.register(Redemption)
class RedemptionAdmin(AccountRowsAdmin):
    """Redemptions and what was given back of them, to look at."""

    related = ("account__customer", "account__program", "entry__store", "entry__till", "bill")
    fields = (
        "code", "told_customer", "told_program", "format_points", "told_reversed", "at", "store", "till", "reference",
        "purpose", "transaction_number", "told_bill", "note", "told_entry",
    )  # fmt: skip
    list_display = ("code", "at", "told_customer", "told_program", "format_points", "told_state", "store", "reference")
    list_filter = (AccountProgramFilter, RedemptionStoreFilter, ("entry__occurred_at", DayRangeFilter))
    search_help_text = "Code, or customer: mobile, e-mail, id, card or name"
    change_form_outer_after_template = "back_office/redemption.html"  # type: ignore[assignment]  # see the base class

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """By the code as it is written, or by the customer."""
        of_customer, may_repeat = super().get_search_results(request, queryset, search_term)
        if not search_term.strip():
            return of_customer, may_repeat
        of_code = queryset.filter(code=search_term.strip())
        return of_code | of_customer, may_repeat

    @display(description="Points")
    def format_points(self, redemption: Redemption) -> str:
        """How many were spent."""
        return format_points(redemption.points)

    @display(description="Given back")
    def told_reversed(self, redemption: Redemption) -> str:
        """How many came back."""
        return format_points(redemption.reversed)

    @display(description="State", label={"spent": "success", "given back": "danger", "partly given back": "warning"})
    def told_state(self, redemption: Redemption) -> str:
        """Whether it still stands."""
        if not redemption.reversed:
            return "spent"
        return "given back" if redemption.reversed == redemption.points else "partly given back"

    @display(description="Spent at")
    def at(self, redemption: Redemption) -> Any:
        """When."""
        return redemption.entry.occurred_at

    @display(description="Store", empty_value="–")
    def store(self, redemption: Redemption) -> Any:
        """Where."""
        return redemption.entry.store

    @display(description="Till", empty_value="–")
    def till(self, redemption: Redemption) -> Any:
        """At which till."""
        return redemption.entry.till

    @display(description="Reference number", empty_value="–")
    def reference(self, redemption: Redemption) -> str:
        """The caller's own number."""
        return redemption.entry.reference

    @display(description="Note", empty_value="–")
    def note(self, redemption: Redemption) -> str:
        """What the till noted."""
        return redemption.entry.note

    @display(description="Bill")
    def told_bill(self, redemption: Redemption) -> SafeString | str:
        """The bill that was paid with it, with the way to its page."""
        return linked(redemption.bill)

    @display(description="Entry")
    def told_entry(self, redemption: Redemption) -> SafeString | str:
        """The ledger's entry, with the way to its page."""
        return linked(redemption.entry)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        reversals = context["original"].reversals.select_related("entry__store")
        context["reversals"] = list(reversals)
        return super().render_change_form(request, context, *args, **kwargs)
