"""What was bought and brought back? Bills with their lines, their returns, and the points they brought."""

from typing import Any

from django.contrib import admin
from django.db.models import DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from customers.profile.models import Customer
from engagement.back_office import CustomerRowsAdmin, linked
from engagement.bills.models import Bill
from engagement.numbers.display import format_money, format_points
from engagement.points.bill_points import BillPoints
from engagement.points.models import PointsEntry
from organizations.back_office.current_user import own_stores
from organizations.back_office.filters import DayRangeFilter, StoreFilter

BILL_LABELS: dict[str, str] = {
    Bill.Type.REGULAR: "success",
    Bill.Type.RETURN: "danger",
    Bill.Type.NOT_INTERESTED: "info",
    Bill.Type.NOT_INTERESTED_RETURN: "warning",
    Bill.Type.MIXED: "warning",
    Bill.Type.NI_MIXED: "warning",
}


@admin.register(Bill)
class BillAdmin(CustomerRowsAdmin):
    """Bills, to look at: tills and imports record them, and what is wrong is returned.

    Staff of stores see what was rung up there, whoever bought it, and what their own customers bought elsewhere.
    """

    # Two ways lead to a store here: see `get_queryset`.
    store_path = ""
    newest = "billed_at"
    related = ("customer", "store", "till")
    fields = ()
    list_display = ("number", "told_type", "billed_at", "store", "told_customer", "told_amount", "told_returned", "points")
    list_display_links = ("number",)
    list_filter = (("type", ChoicesDropdownFilter), StoreFilter, ("billed_at", DayRangeFilter))
    search_help_text = "Bill number, or customer: mobile, e-mail, id, card or name"
    change_form_outer_before_template = "back_office/bill.html"  # type: ignore[assignment]  # see the base class

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with the points it brought."""
        brought = BillPoints.objects.filter(bill=OuterRef("pk")).order_by().values("bill")
        points = Subquery(brought.annotate(all=Sum("issued")).values("all"))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(
            brought=Coalesce(points, 0, output_field=DecimalField(max_digits=18, decimal_places=3))
        )  # fmt: skip
        own = own_stores(request)
        return rows.filter(Q(store__in=own) | Q(customer__registered_store__in=own)) if own else rows

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """By how the number begins, or by the customer."""
        of_customer, may_repeat = super().get_search_results(request, queryset, search_term)
        number = search_term.strip()
        if not number:
            return of_customer, may_repeat
        of_number = queryset.filter(number__gte=number, number__lt=number + "\U0010ffff")
        return of_number | of_customer, may_repeat

    def customer_of(self, row: Bill) -> Customer | None:
        return row.customer

    @display(description="Type", label=BILL_LABELS)
    def told_type(self, bill: Bill) -> tuple[str, str]:
        """The type in words, coloured."""
        return bill.type, bill.get_type_display()

    @display(description="Amount")
    def told_amount(self, bill: Bill) -> str:
        """What was paid; what came back of a return."""
        return f"{'−' if bill.is_return else ''}{format_money(bill.amount)} {bill.currency}"

    @display(description="Came back")
    def told_returned(self, bill: Bill) -> str:
        """What came back of it so far; nothing of most."""
        return format_money(bill.returned_amount) if bill.returned_amount else ""

    @display(description="Points")
    def points(self, bill: Any) -> str:
        """What it brought."""
        return format_points(bill.brought) if bill.brought else ""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        bill: Bill = context["original"]
        returns = list(bill.returns.select_related("store").order_by("pk"))
        entries = PointsEntry.objects.filter(bill__in=[bill, *returns]).select_related(
            "account__program", "program_version__program"
        )
        context |= {
            "bill": bill,
            "customer_link": linked(bill.customer),
            "sale": bill.return_of,
            "lines": list(bill.lines.order_by("position")),
            "returns": returns,
            "counted": list(bill.points.select_related("account__program").order_by("pk")),
            "redemptions": list(bill.redemptions.order_by("pk")),
            "entries": list(entries.order_by("occurred_at", "pk")),
        }
        return super().render_change_form(request, context, *args, **kwargs)
