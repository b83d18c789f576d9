"""Bills with their lines, their returns, and the points they brought."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from unfold.decorators import display

from customers.profile.field_values import write_value
from engagement.back_office import LoyaltyRowsAdmin
from engagement.bills.admin.give_back import ReturnForm
from engagement.bills.models import ANONYMOUS, RETURNS, Bill
from engagement.earning.explaining import explain_sale, obstacle_to_earning
from engagement.numbers.display import format_money, format_points
from engagement.points.models import BillPoints, PointsEntry
from engagement.programs.catalog import current_catalog
from loyalty_project.protocol.numbers import plain_digits
from organizations.back_office.columns import choice_column, is_in_sight, link_to
from organizations.back_office.current_user import actor_of, in_own_stores, organization_of
from organizations.back_office.filters import ChoiceFilter, DayRangeFilter, NamedFilter, RecentFilter, Rows, StoreFilter
from organizations.back_office.list_export import ExportColumn, ListResource, customer_id, customer_name
from organizations.back_office.list_exports import ExportedList
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.back_office.presets import Preset
from organizations.back_office.stores import stores_for
from organizations.back_office.tables import Table, number, strong, table
from organizations.fields.models import FieldDefinition
from organizations.staff.sight import shown_value
from organizations.tenancy.models import Organization

# Sales that staff return here. What came back with a mixed bill is returned already.
RETURNABLE = frozenset({Bill.Type.REGULAR, Bill.Type.NOT_INTERESTED, Bill.Type.MIXED})
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


class BillResource(ListResource):
    """Bills. A customer of another store has no name and no id."""

    number = ExportColumn("Number", "number")
    type = ExportColumn("Type", lambda bill: bill.get_type_display())
    billed_at = ExportColumn("Billing time", "billed_at")
    store = ExportColumn("Store", "store__code")
    till = ExportColumn("Till", "till__code")
    customer_id = ExportColumn("Customer id", customer_id())
    customer = ExportColumn("Customer", customer_name())
    amount = ExportColumn("Amount", lambda bill: -bill.amount if bill.is_return else bill.amount)
    currency = ExportColumn("Currency", "currency")
    returned = ExportColumn("Returned", "returned_amount")
    points = ExportColumn("Points", "brought")


@admin.register(Bill)
class BillAdmin(ExportedList, LoyaltyRowsAdmin):  # type: ignore[misc]  # stubs and Unfold disagree on what bases share
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
    phone_lines = (("number", "amount_display"), ("customer_link", "store", "billed_at"))
    list_display_links = ("number",)
    list_filter = (
        RecentFilter.of("billed_at", title="billed", parameter_name="billed"),
        ("billed_at", DayRangeFilter),
        StoreFilter,
        ("type", ChoiceFilter),
        SalesFilter,
    )
    sortable_by = ("billed_at",)
    order_words: ClassVar[Mapping[str, tuple[str, str]]] = {"billed_at": ("earliest first", "latest first")}
    presets: ClassVar[Sequence[Preset]] = (
        Preset(label="Today", query={"billed": "today"}),
        Preset(label="The last 7 days", query={"billed": "week"}),
        Preset(label="Returns", query={"type__exact": Bill.Type.RETURN}),
    )
    empty_text = "Bills appear here when a till sends one, or when a file is imported."
    resource = BillResource
    search_help_text = "Bill number, or customer: mobile, e-mail, id, card or name"
    change_form_outer_before_template = "back_office/bill.html"  # type: ignore[assignment]  # see the base class

    actions_detail: Sequence[str] = ("give_back",)  # type: ignore[assignment]  # see the base class

    type_label = choice_column("type", "Type", TYPE_COLORS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Bills with the points they brought."""
        brought = BillPoints.objects.filter(bill=OuterRef("pk")).order_by().values("bill")
        points = Subquery(brought.annotate(all=Sum("issued")).values("all"))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(
            brought=Coalesce(points, 0, output_field=DecimalField(max_digits=18, decimal_places=3))
        )  # fmt: skip
        return in_own_stores(rows, request, "store", "customer__registered_store")

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

    has_give_back_permission = permission_check("engagement.record_bill")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> Any:
        """The buttons; only a sale of which something is left can come back."""
        bill = self.get_object(request, str(object_id))
        if bill is None or bill.type not in RETURNABLE or bill.is_returned:
            return []
        return super().get_actions_detail(request, object_id)

    @row_page("Return", address="return", icon="assignment_return", permission="give_back", opens_dialog=True)
    def give_back(self, request: HttpRequest, bill: Bill) -> HttpResponse:
        """The page that returns a sale, an amount of it, or some of its lines."""
        if bill.type not in RETURNABLE:
            messages.warning(request, gettext("Bill %(number)s is no sale: it cannot come back.") % {"number": bill.number})
            return HttpResponseRedirect(page_of(bill))
        by = actor_of(request, self.organization_behind(bill))
        left = bill.amount - bill.returned_amount
        form = ReturnForm(request.POST or None, sale=bill, stores=stores_for(request), by=by)
        if form.run():
            form.report(request, gettext("Bill %(number)s") % {"number": bill.number})
            return HttpResponseRedirect(page_of(bill))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=gettext("Return: bill %(number)s") % {"number": bill.number},
            original=bill,
            form=form,
            submit=gettext("Return"),
            intro=gettext("%(left)s of %(amount)s %(currency)s can come back.")
            % {"left": format_money(left), "amount": format_money(bill.amount), "currency": bill.currency},
        )

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
            shares = list(bill.points.select_related("account__program").order_by("pk"))
            posted = list(entries.order_by("occurred_at", "pk"))
            context |= {
                "points": _points_table(shares),
                "redemptions": _redemptions_table(bill),
                "coupons": _coupons_table(bill),
                "entries": posted,
                "why": []
                if bill.is_return
                else _why_tables(bill, shares, posted, organization_of(request) or bill.organization),
                "simulates": _simulation_of(bill),
                "why_nothing": obstacle_to_earning(bill, has_shares=bool(shares)),
            }
        return super().render_change_form(request, context, *args, **kwargs)


def _lines_table(bill: Bill) -> Table:
    columns = (
        strong("Item"), gettext("Description"), number("Quantity"), number("Price"), number("Discount"), number("Amount"),
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
            gettext("%(returned_quantity)s for %(returned_amount)s")
            % {
                "returned_quantity": format_points(line.returned_quantity),
                "returned_amount": format_money(line.returned_amount),
            }
            if line.returned_quantity or line.returned_amount
            else None,
        )
        for line in bill.lines.order_by("position")
    ]
    return table("Lines", columns, rows, empty="The bill has no lines.")


def _simulation_of(bill: Bill) -> str:
    """The address that simulates a bill like this one; "" without a customer."""
    if bill.customer_id is None:
        return ""
    like = {"amount": plain_digits(bill.amount), "day": bill.billed_on.isoformat(), "store": bill.store_id or ""}
    return f"{reverse('admin:customers_customer_simulate_bill', args=[bill.customer_id])}?{urlencode(like)}"


def _why_tables(
    bill: Bill, shares: Sequence[BillPoints], entries: Sequence[PointsEntry], organization: Organization
) -> list[Table]:
    """What each rule gave, or why not: a table for each program."""
    explanations = explain_sale(bill, shares=shares, entries=entries, catalog=current_catalog(), organization=organization)
    return [
        table(
            gettext("Why these points: %(program)s") % {"program": explanation.program},
            (strong("Rule"), number("Points"), "Why"),
            [
                (rule.rule, "nothing" if rule.points is None else format_points(rule.points), rule.why)
                for rule in explanation.rules
            ],
            empty="No rule gives points for bills.",
            note=gettext("version %(number)s of its rules") % {"number": explanation.version.number},
            footer=gettext("Today: %(obstacle)s.") % {"obstacle": explanation.obstacle} if explanation.obstacle else "",
        )
        for explanation in explanations
    ]


def _points_table(shares: Sequence[BillPoints]) -> Table:
    columns = (gettext("Program"), number("Points awarded"), number("To take back for returns"), number("Taken back"))
    rows = [
        (
            link_to(points.account, str(points.account.program)),
            format_points(points.issued),
            format_points(points.claimed),
            format_points(points.taken),
        )
        for points in shares
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
    rows = [
        (
            payment["mode"],
            format_money(Decimal(payment["value"])),
            shown_value(payment.get("notes"), customer_id=bill.customer_id),
        )
        for payment in sent
    ]
    return table("Payments", ("Mode", number("Amount"), "Notes"), rows)


def _said(bill: Bill) -> Iterator[tuple[str, str]]:
    """What else the till said of the bill, with its labels."""
    details = bill.details
    if cashier := details.get("associate"):
        yield gettext("Cashier"), " ".join(cashier.values())
    for key, label in _LABELS.items():
        if details.get(key):
            yield label, str(details[key])
    if bill.delivery_status not in {"", "DELIVERED"}:
        yield gettext("Delivery"), bill.delivery_status
    for note in details.get("credit_notes", ()):
        yield gettext("Credit note"), f"{note['number']}, {format_money(Decimal(note['amount']))}"
    fields = FieldDefinition.objects.filter(category=FieldDefinition.Category.TRANSACTION)
    for definition in fields if bill.field_values else ():
        if value := bill.field_values.get(str(definition.pk)):
            yield definition.name, shown_value(write_value(value), customer_id=bill.customer_id)
