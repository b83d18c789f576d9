"""What have the rooms of points and bills in common? Their rows hang on a customer, are many, and are looked at only."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from customers.profile.models import Customer
from customers.search.admin import matching_customers
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.current_user import organization_of
from organizations.back_office.pages import page_of


class CustomerFilter(DropdownFilter):
    """By one customer: where the customer's page leads to. There is nothing to choose from otherwise."""

    title = "customer"
    parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        value = request.GET.get(self.parameter_name, "")
        return [(value, f"Customer {value}")] if value else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:  # noqa: ARG002 - Django's signature
        value = self.value()
        path = "customer" if _has_customer(queryset.model) else "account__customer"
        return queryset.filter(**{path: value}) if value and value.isdigit() else queryset


def _has_customer(model: type[Model]) -> bool:
    return any(one.name == "customer" for one in model._meta.concrete_fields)


class CustomerRowsAdmin(ReadOnlyAdmin):
    """The base of rooms whose rows hang on a customer: `customer_path` says where. They are found as customers are.

    Staff of stores see the rows of the customers they see. Last recorded rows come first; with `newest`, a column that is
    indexed after the organization, those of the latest moments.
    """

    customer_path: ClassVar[str] = "customer"
    newest: ClassVar[str] = ""
    store_path = "customer__registered_store"
    # Nobody counts millions of rows to show fifty.
    paginator = InfinitePaginator
    show_full_result_count = False
    search_fields = ("pk",)
    search_help_text = "Customer: mobile, e-mail, id, card or name"

    def get_ordering(self, request: HttpRequest) -> Any:
        # Operators see every organization, for which no index has an order but the primary key.
        return [f"-{self.newest}", "-pk"] if self.newest and organization_of(request) else ["-pk"]

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [*super().get_list_filter(request), CustomerFilter]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """The rows of the customers whom the term may mean (`customers.search.staff`)."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(**{f"{self.customer_path}__in": matching_customers(request, search_term)}), False

    @display(description="Customer")
    def told_customer(self, row: Any) -> SafeString | str:
        """Whose row it is, with the way to the customer's page."""
        return linked(self.customer_of(row))

    def customer_of(self, row: Any) -> Customer | None:
        """The customer of a row."""
        for name in self.customer_path.split("__"):
            row = getattr(row, name)
        customer: Customer | None = row
        return customer


class AccountRowsAdmin(CustomerRowsAdmin):
    """The base of rooms whose rows hang on a points account."""

    customer_path = "account__customer"
    store_path = "account__customer__registered_store"
    related: ClassVar[Sequence[str]] = ("account__customer", "account__program")

    @display(description="Program")
    def told_program(self, row: Any) -> str:
        """The program whose points they are."""
        return str(row.account.program)


def linked(row: Model | None, text: str = "") -> SafeString | str:
    """The row's name (or `text`) as a link to its page; a dash for none."""
    if row is None:
        return "–"
    return format_html('<a class="bo-link" href="{}">{}</a>', page_of(row), text or row)
