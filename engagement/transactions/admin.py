"""Bills with their lines, their returns, and the points they brought."""

from typing import Any

from django.contrib import admin
from django.db.models import DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from engagement.back_office import LoyaltyRowsAdmin
from engagement.bills.models import Bill
from engagement.numbers.display import format_money, format_points
from engagement.points.bill_points import BillPoints
from engagement.points.models import PointsEntry
from organizations.back_office.columns import choice_column
from organizations.back_office.current_user import own_stores
from organizations.back_office.filters import DayRangeFilter, StoreFilter

TYPE_COLORS: dict[str, str] = {
    Bill.Type.REGULAR: "success",
    Bill.Type.RETURN: "danger",
    Bill.Type.NOT_INTERESTED: "info",
    Bill.Type.NOT_INTERESTED_RETURN: "warning",
    Bill.Type.MIXED: "warning",
    Bill.Type.NI_MIXED: "warning",
}


@admin.register(Bill)
class BillAdmin(LoyaltyRowsAdmin):
    """Bills, read-only: tills and imports record them, and returns correct them.

    Staff limited to stores see the bills of their stores, and those of their customers at other stores.
    """

    # Two paths lead to a store: see `get_queryset`.
    store_path = ""
    newest = "billed_at"
    related = ("customer", "store", "till")
    fields = ()
    list_display = (
        "number", "type_label", "billed_at", "store", "customer_link", "amount_display", "returned_display", "points_display",
    )  # fmt: skip
    list_display_links = ("number",)
    list_filter = (("type", ChoicesDropdownFilter), StoreFilter, ("billed_at", DayRangeFilter))
    search_help_text = "Bill number, or customer: mobile, e-mail, id, card or name"
    change_form_outer_before_template = "back_office/bill.html"  # type: ignore[assignment]  # see the base class

    type_label = choice_column("type", "Type", TYPE_COLORS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bills with the points they brought."""
        brought = BillPoints.objects.filter(bill=OuterRef("pk")).order_by().values("bill")
        points = Subquery(brought.annotate(all=Sum("issued")).values("all"))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(
            brought=Coalesce(points, 0, output_field=DecimalField(max_digits=18, decimal_places=3))
        )  # fmt: skip
        own = own_stores(request)
        return rows.filter(Q(store__in=own) | Q(customer__registered_store__in=own)) if own else rows

    def other_matches(self, request: HttpRequest, term: str) -> Q:  # noqa: ARG002 - as in the base class
        """By the beginning of the bill number."""
        return Q(number__gte=term, number__lt=term + "\U0010ffff")

    @display(description="Amount")
    def amount_display(self, bill: Bill) -> str:
        """The amount with its currency; negative for a return."""
        return f"{'−' if bill.is_return else ''}{format_money(bill.amount)} {bill.currency}"

    @display(description="Returned")
    def returned_display(self, bill: Bill) -> str:
        """The amount returned so far; blank if nothing was."""
        return format_money(bill.returned_amount) if bill.returned_amount else ""

    @display(description="Points")
    def points_display(self, bill: Any) -> str:
        """The points that the bill brought; blank if none."""
        return format_points(bill.brought) if bill.brought else ""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        bill: Bill = context["original"]
        returns = list(bill.returns.select_related("store").order_by("pk"))
        entries = PointsEntry.objects.filter(bill__in=[bill, *returns]).select_related(
            "account__program", "program_version__program"
        )
        context |= {
            "bill": bill,
            "sale": bill.return_of,
            "lines": list(bill.lines.order_by("position")),
            "returns": returns,
            "counted": list(bill.points.select_related("account__program").order_by("pk")),
            "redemptions": list(bill.redemptions.order_by("pk")),
            "entries": list(entries.order_by("occurred_at", "pk")),
        }
        return super().render_change_form(request, context, *args, **kwargs)
