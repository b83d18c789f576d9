"""The list of customers: its columns, filters, order and presets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from customers.identifiers.models import Identifier
from customers.profile.admin.export import CustomerResource
from customers.profile.models import Customer
from customers.search.admin import matching_customers
from customers.segments.models import SegmentPartition
from customers.sources.values import SOURCES
from customers.statuses.models import CustomerStatus
from organizations.back_office.columns import choice_column, value_column
from organizations.back_office.current_user import member_of, organization_of, work_for
from organizations.back_office.filters import (
    ChoiceFilter,
    DayRangeFilter,
    NamedFilter,
    RecentFilter,
    RelatedRowFilter,
    Rows,
    StoreFilter,
)
from organizations.back_office.list_exports import ExportedList
from organizations.back_office.list_page import ListPage
from organizations.back_office.presets import Preset
from organizations.staff.masks import DOTS
from organizations.staff.sight import shown_name
from use_cases.active_customers import BoughtFilter
from use_cases.customer_list import (
    BILLS_PERMISSION,
    POINTS_PATH,
    POINTS_PERMISSION,
    ListedLoyalty,
    read_listed_loyalty,
    tier_choices,
    with_points,
)

TYPE_COLORS: Final[dict[str, str]] = {
    Customer.Type.LOYALTY: "success",
    Customer.Type.NON_LOYALTY: "info",
    Customer.Type.NOT_INTERESTED: "warning",
}
# Parameters that leave customers who registered on some days.
_DAYS: Final = ("joined", "registered_on_from", "registered_on_to")
# Columns that need a permission, with it. They are those of one organization.
_LOYALTY_COLUMNS: Final = {"points": POINTS_PERMISSION, "tier": POINTS_PERMISSION, "last_visit": BILLS_PERMISSION}


class RegisteredStoreFilter(StoreFilter):
    """By the store where the customer registered."""

    parameter_name = path = "registered_store"


class SourceFilter(NamedFilter):
    """By source. The sources are a fixed list, so no query asks for them."""

    title = parameter_name = "source"
    options = {source: (source, partial(QuerySet.filter, source=source)) for source in sorted(SOURCES)}


class PartitionFilter(RelatedRowFilter):
    """By the partition of a segment that customers are in."""

    title, parameter_name = "segment", "partition"
    path = "segments__partition"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        active = SegmentPartition.objects.filter(is_active=True, segment__is_active=True)
        rows = active.order_by("segment__name", "position", "name").values_list("pk", "segment__name", "name")
        return [(pk, f"{segment}: {name}") for pk, segment, name in rows]


class TierFilter(RelatedRowFilter):
    """By tier, of any program."""

    title = parameter_name = "tier"
    path = "memberships__tier"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:
        return tier_choices() if member_of(request).has_perm(POINTS_PERMISSION) else ()


class MergedFilter(NamedFilter):
    """Merged customers are hidden unless asked for."""

    title = parameter_name = "merged"
    options = {
        "yes": ("merged customers", lambda rows: rows.exclude(merged_into=None)),
        "all": ("all customers", lambda rows: rows),
    }

    @staticmethod
    def unfiltered(rows: Rows) -> Rows:
        return rows.filter(merged_into=None)


class StatusFilter(RelatedRowFilter):
    """By lifecycle status."""

    title = parameter_name = "status"
    path = "status_label"

    def choices_for(self, request: HttpRequest) -> Iterable[tuple[int, str]]:  # noqa: ARG002 - as in the base class
        return CustomerStatus.objects.values_list("pk", "label")


class CustomerListPage(ListPage):
    """Customers in the order of an index: the newest first, by name, by day of registration, or by points."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        if POINTS_PATH in {str(path).removeprefix("-") for path in self.get_ordering(request, self.root_queryset)}:
            self.root_queryset = with_points(self.root_queryset)
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return rows

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The order. Accounts of the same balance are by rising id in the index from the highest balance on.

        Customers of some days are in the order of these days, unless another one is chosen: an index has their range.
        """
        if ORDER_VAR not in self.params:
            is_of_days = any(self.params.get(name) for name in _DAYS)
            return ["-registered_on", "-pk"] if is_of_days else super().get_ordering(request, queryset)
        *chosen, key = super().get_ordering(request, queryset)
        if POINTS_PATH in str(chosen[-1]):
            key = "pk" if key == "-pk" else "-pk"
        return [*chosen, key]


class CustomerListAdmin(ExportedList):
    """The list of customers. Fifty of possibly millions of rows are shown, and the rest is not counted."""

    resource = CustomerResource
    paginator = InfinitePaginator
    show_full_result_count = False
    list_display = (
        "name_header", "mobile", "points", "tier", "last_visit", "store", "registered_day", "type_label",
    )  # fmt: skip
    phone_lines = (("name_header", "points", "tier"), ("mobile", "store", "last_visit"))
    list_display_links = ("name_header",)
    list_filter = (
        RecentFilter.of("registered_on", title="joined", parameter_name="joined"),
        ("registered_on", DayRangeFilter),
        ("bills__billed_at", BoughtFilter),
        RegisteredStoreFilter,
        TierFilter,
        ("type", ChoiceFilter),
        PartitionFilter,
        StatusFilter,
        ("fraud_status", ChoiceFilter),
        SourceFilter,
        MergedFilter,
    )
    presets: ClassVar[Sequence[Preset]] = (
        Preset(label="New today", query={"joined": "today"}),
        Preset(label="Joined in the last 7 days", query={"joined": "week"}),
        Preset(label="Most points", order="-points"),
        Preset(label="Marked as fraud", query={"fraud_status__exact": Customer.FraudStatus.MARKED}),
    )
    order_words: ClassVar[Mapping[str, tuple[str, str]]] = {
        "points": ("lowest first", "highest first"),
        "registered_day": ("earliest first", "latest first"),
    }
    empty_text = "Customers appear here when a till or a colleague signs them up, or when a file is imported."
    search_fields = ("identifiers__value",)
    search_help_text = "Mobile, e-mail, id, card or name"
    ordering = ("-pk",)

    type_label = choice_column("type", "Type", TYPE_COLORS)
    store = value_column("registered_store", "Store")

    # --- rows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        current = Identifier.objects.filter(state=Identifier.State.CURRENT).order_by("-kind")
        return super().get_queryset(request).prefetch_related(Prefetch("identifiers", queryset=current))

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """By any identifier, card or name (`customers.search.staff`)."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=matching_customers(request, search_term)), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ARG002 - Django's signature
        return CustomerListPage

    def complete_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Read the loyalty of the customers of a page, if it is shown."""
        organization = organization_of(request)
        if organization is None or not any(map(member_of(request).has_perm, _LOYALTY_COLUMNS.values())):
            return
        with work_for(request, organization):
            loyalty = read_listed_loyalty([customer.pk for customer in rows], organization=organization)
        for customer in rows:
            customer.listed_loyalty = loyalty[customer.pk]

    # --- columns

    def get_list_display(self, request: HttpRequest) -> Any:
        return [column for column in super().get_list_display(request) if _may_see(request, str(column))]

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """The columns whose order an index gives: of the whole organization, so not for operators, who see several."""
        if organization_of(request) is None:
            return ()
        return [column for column in ("name_header", "points", "registered_day") if _may_see(request, column)]

    @display(description="Name", header=True, ordering="firstname_folded")
    def name_header(self, customer: Customer) -> list[Any]:
        """The name with initials in a circle, e-mail and external id below it."""
        others = (identifier_of(customer, kind) for kind in (Identifier.Kind.EMAIL, Identifier.Kind.EXTERNAL_ID))
        below = " · ".join(value for value in others if value)
        return [str(customer), below or None, initials(customer)]

    @display(description="Mobile")
    def mobile(self, customer: Customer) -> str | None:
        """The current mobile number."""
        return identifier_of(customer, Identifier.Kind.MOBILE)

    @display(description="Points", ordering=POINTS_PATH)
    def points(self, customer: Customer) -> str | None:
        """The points to spend in the default program."""
        return _loyalty_of(customer).points_text

    @display(description="Tier")
    def tier(self, customer: Customer) -> str | None:
        """The tier in the default program."""
        return _loyalty_of(customer).tier

    @display(description="Last visit")
    def last_visit(self, customer: Customer) -> str | None:
        """The day of the last purchase."""
        return _day(_loyalty_of(customer).last_billed_at)

    @display(description="Joined", ordering="registered_on")
    def registered_day(self, customer: Customer) -> str | None:
        """The day of registration."""
        return _day(customer.registered_on)


def initials(customer: Customer) -> str:
    """The customer's initials, at most two letters; of a masked name those that are left."""
    names = (shown_name(name, "", customer_id=customer.pk) for name in (customer.firstname, customer.lastname))
    return "".join(name[:1] for name in names).replace(DOTS[0], "").upper() or "?"


def identifier_of(customer: Customer, kind: str) -> str | None:
    """The current identifier of a customer whose current identifiers are read, as it is shown."""
    return next((str(identifier) for identifier in customer.identifiers.all() if identifier.kind == kind), None)


def _loyalty_of(customer: Any) -> ListedLoyalty:
    loyalty: ListedLoyalty = customer.listed_loyalty
    return loyalty


def _may_see(request: HttpRequest, column: str) -> bool:
    permission = _LOYALTY_COLUMNS.get(column)
    return permission is None or (organization_of(request) is not None and member_of(request).has_perm(permission))


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else timezone.localtime(moment).date().isoformat()
