"""Bills with their lines, their returns, and the points they brought."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.decorators import display

from customers.profile.field_values import write_value
from engagement.back_office import LoyaltyRowsAdmin
from engagement.bills.models import ANONYMOUS, RETURNS, Bill
from engagement.numbers.display import format_money, format_points
from engagement.points.models import BillPoints, PointsEntry
from organizations.back_office.columns import choice_column, is_in_sight, link_to
from organizations.back_office.current_user import own_stores
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, NamedFilter, Rows, StoreFilter
from organizations.back_office.tables import Table, number, strong, table
from organizations.fields.models import FieldDefinition

_LABELS = {
    "bill_client_id": "Id at the till",
    "shipping_source_till_code": "Shipped by till",
    "not_interested_reason": "Why without a customer",
}
TYPE_COLORS: dict[str, str] = {
    Bill.Type.REGULAR: "success",
    Bill.Type.RETURN: "danger",
    Bill.Type.NOT_INTERESTED: "info",
    Bill.Type.NOT_INTERESTED_RETURN: "warning",
    Bill.Type.MIXED: "warning",
    Bill.Type.NI_MIXED: "warning",
}


def _sales(rows: Rows) -> Rows:
    """Sales as the figures of the start page count them: no outliers."""
    return rows.exclude(type__in=RETURNS).filter(outlier_status=Bill.Outlier.NORMAL)


class SalesFilter(NamedFilter):
    """Sales alone, with or without a customer."""

    title = parameter_name = "sales"
    options: ClassVar[Mapping[str, tuple[str, Callable[[Rows], Rows]]]] = {
        "all": ("all sales", _sales),
        "customer": ("with a customer", lambda rows: _sales(rows).exclude(customer=None).exclude(type__in=ANONYMOUS)),
        "stranger": ("without a customer", lambda rows: _sales(rows).filter(Q(customer=None) | Q(type__in=ANONYMOUS))),
    }


@admin.register(Bill)
class BillAdmin(LoyaltyRowsAdmin):
    """Bills, read-only: tills and imports record them, and returns correct them.

    Staff limited to stores see the bills of their stores, and those of their customers at other stores.
    """

    has_history = False
    # Two paths lead to a store: see `get_queryset`.
    store_path = ""
    newest = "billed_at"
    related = ("customer", "store", "till")
    fields = ()
    list_display = (
        "number", "type_label", "billed_at", "store", "customer_link", "amount_display", "returned_display", "points_display",
    )  # fmt: skip
    list_display_links = ("number",)
    list_filter = (("type", ChoiceFilter), SalesFilter, StoreFilter, ("billed_at", DayRangeFilter))
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
        bills = self.get_queryset(request)
        returns = list(bills.filter(return_of=bill).order_by("pk"))
        is_mixed = bill.type in {Bill.Type.MIXED, Bill.Type.NI_MIXED}
        parts = list(bills.filter(part_of=bill).order_by("pk")) if is_mixed else []
        entries = PointsEntry.objects.filter(bill__in=[bill, *returns, *parts]).select_related(
            "account__program", "program_version__program"
        )
        context |= {
            "bill": bill,
            "sale": bills.filter(pk=bill.return_of_id).first() if bill.return_of_id else None,
            "lines": _lines_table(bill),
            "returns": returns,
            "parts": parts,
            "whole": bills.filter(pk=bill.part_of_id).first() if bill.part_of_id else None,
            "payments": _payments_table(bill),
            "said": list(_said(bill)),
            "entries": [],
        }
        if bill.customer is None or is_in_sight(bill.customer):
            # Balances and codes are the customer's.
            context |= {
                "points": _points_table(bill),
                "redemptions": _redemptions_table(bill),
                "coupons": _coupons_table(bill),
                "entries": list(entries.order_by("occurred_at", "pk")),
            }
        return super().render_change_form(request, context, *args, **kwargs)


def _lines_table(bill: Bill) -> Table:
    columns = (
        strong("Item"), "Description", number("Quantity"), number("Price"), number("Discount"), number("Amount"),
        number("Returned"),
    )  # fmt: skip
    rows = [
        (
            line.item_code,
            line.description,
            format_points(line.quantity),
            format_money(line.rate),
            format_money(line.discount) if line.discount else None,
            format_money(line.amount),
            f"{format_points(line.returned_quantity)} for {format_money(line.returned_amount)}"
            if line.returned_quantity or line.returned_amount
            else None,
        )
        for line in bill.lines.order_by("position")
    ]
    return table("Lines", columns, rows, empty="The bill has no lines.")


def _points_table(bill: Bill) -> Table:
    columns = ("Program", number("Points awarded"), number("To take back for returns"), number("Taken back"))
    rows = [
        (
            link_to(points.account, str(points.account.program)),
            format_points(points.issued),
            format_points(points.claimed),
            format_points(points.taken),
        )
        for points in bill.points.select_related("account__program").order_by("pk")
    ]
    return table("Points", columns, rows)


def _redemptions_table(bill: Bill) -> Table:
    rows = [
        (link_to(redemption, redemption.code), format_points(redemption.points), format_points(redemption.reversed))
        for redemption in bill.redemptions.order_by("pk")
    ]
    return table("Paid with points", ("Code", number("Points"), number("Reversed")), rows)


def _coupons_table(bill: Bill) -> Table:
    uses = bill.coupon_redemptions.select_related("coupon__series").order_by("pk")
    rows = [(link_to(use.coupon, use.coupon.code), str(use.coupon.series)) for use in uses]
    return table("Paid with coupons", ("Code", "Series"), rows)


def _payments_table(bill: Bill) -> Table:
    sent = bill.details.get("payments", ())
    rows = [(payment["mode"], format_money(Decimal(payment["value"])), payment.get("notes")) for payment in sent]
    return table("Payments", ("Mode", number("Amount"), "Notes"), rows)


def _said(bill: Bill) -> Iterator[tuple[str, str]]:
    """What else the till said of the bill, with its labels."""
    details = bill.details
    if cashier := details.get("associate"):
        yield "Cashier", " ".join(cashier.values())
    for key, label in _LABELS.items():
        if details.get(key):
            yield label, str(details[key])
    if bill.delivery_status not in {"", "DELIVERED"}:
        yield "Delivery", bill.delivery_status
    for note in details.get("credit_notes", ()):
        yield "Credit note", f"{note['number']}, {format_money(Decimal(note['amount']))}"
    fields = FieldDefinition.objects.filter(category=FieldDefinition.Category.TRANSACTION)
    for definition in fields if bill.field_values else ():
        if value := bill.field_values.get(str(definition.pk)):
            yield definition.name, write_value(value)
